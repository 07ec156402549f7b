/// The scripts that name a ticket.
extension LockScripts {
    static let takeText = #"""
        local tickets_max, may_create = tonumber(ARGV[2]), ARGV[3] == '1'
        local is_acquire, lifetime, timeout = ARGV[4] == 'acquire', tonumber(ARGV[5]), tonumber(ARGV[6])
        local idempotency_key = ARGV[7]
        token_floor = tonumber(ARGV[8])
        local request = idempotency_key ~= '' and ARGV[4] .. ' ' .. ARGV[5]

        load()
        drop_expired()

        if request then
            local sought = '"key": ' .. cjson.encode(idempotency_key) .. ', "request": '
            for place = 1, #texts do
                local found = string.find(texts[place], sought, 1, true) and ticket(place)
                if found and found.key == idempotency_key then
                    if found.request ~= request then return ticket_reply(KEY_REUSED, 0) end
                    if is_acquire and timeout <= 0 and place > 1 then return ticket_reply(TIMEOUT, 0) end
                    found.callers = found.callers + 1
                    if is_acquire and place > 1 then
                        found.expires = math.max(found.expires, now + timeout)
                    end
                    put(place, found)
                    if place == 1 then claim() end
                    return ticket_reply(OK, 0, place)
                end
            end
        end

        local made = 2 -- a ticket
        if not live then
            if not may_create then return ticket_reply(NO_ROOM, 0) end
            live = true
            made = 3 -- and a lock
        end
        local count = #texts
        if count >= tickets_max then return ticket_reply(FULL, 0) end
        last_issued = last_issued + 1
        local new = {
            number = last_issued, token = next_token(), issued = now,
            expires = now + (is_acquire and timeout or lifetime), lifetime = is_acquire and lifetime}
        changed = true
        if count > 0 and is_acquire and timeout <= 0 then
            note(WITHDRAWN, last_issued, -1)
            return ticket_reply(TIMEOUT, 2)
        end
        if count == 0 then
            new.served = now
            new.expires = now + lifetime
            note(SERVED, last_issued, 0)
        end
        if request then new.key, new.request, new.callers = idempotency_key, request, 1 end
        put(count + 1, new)
        return ticket_reply(OK, made, count + 1)
        """#

    static let statusText = #"""
        local number, token = tonumber(ARGV[2]), ARGV[3]
        load(told(number, token))
        drop_expired()
        local place, refusal = seek(number, token)
        return ticket_reply(refusal or OK, 0, place)
        """#

    /// The callers that wait in a daemon know their tickets, and give them back to a lock that lost them.
    static let checkText = #"""
        local known = {}
        for argument = 2, #ARGV, 4 do
            local lifetime = tonumber(ARGV[argument + 3])
            known[tonumber(ARGV[argument])] = {
                token = tonumber(ARGV[argument + 1]), expires = tonumber(ARGV[argument + 2]),
                lifetime = lifetime >= 0 and lifetime or nil}
        end
        load(known)
        drop_expired()
        for number, given in pairs(known) do
            local place = find(number)
            if place and token_at(place) ~= given.token
                and math.abs(expiries[place] - given.expires) <= 1 then
                reclaim(place, given.token, given.lifetime)
            end
            if place == 1 and token_at(1) == given.token then claim() end
        end
        local score = settle()
        local answer = {OK, now, score, #numbers, numbers[1] or 0, expiries[1] or 0}
        for argument = 2, #ARGV, 4 do
            local place = find(tonumber(ARGV[argument]))
            if place and token_at(place) ~= tonumber(ARGV[argument + 1]) then place = nil end
            local count = #answer
            answer[count + 1] = place and place - 1 or -1
            answer[count + 2] = place and expiries[place] or 0
        end
        return reply(answer)
        """#

    static let extendText = #"""
        local number, token, lifetime = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
        load(told(number, token))
        drop_expired()
        local place, refusal = seek(number, token)
        if place == 1 then claim() end
        if place then
            local found = ticket(place)
            local before = found.expires
            found.expires = now + lifetime
            -- A ticket of acquire that waits lives as long as its caller waits, and is not cut short.
            if place > 1 and found.lifetime then found.expires = math.max(before, found.expires) end
            put(place, found)
            if found.expires < before and #texts > 1 then tell(place > 1 and 'e' .. ARGV[2] or '') end
        end
        return ticket_reply(refusal or OK, 0, place)
        """#

    static let finishText = #"""
        local number, token = tonumber(ARGV[2]), ARGV[3]
        load(told(number, token))
        drop_expired()
        local place, refusal = seek(number, token)
        if refusal == MISMATCH then return queue_reply(MISMATCH, 0) end
        if place then remove(place, FINISHED) end
        return queue_reply(OK, place and 1 or 0)
        """#

    /// A ticket stays while another request with the same idempotency key has it.
    static let withdrawText = #"""
        local number, token = tonumber(ARGV[2]), ARGV[3]
        load(told(number, token))
        drop_expired()
        local place = seek(number, token)
        if place then
            local found = ticket(place)
            if found.callers and found.callers > 1 then
                found.callers = found.callers - 1
                put(place, found)
                place = nil
            else
                remove(place, WITHDRAWN)
            end
        end
        return queue_reply(OK, place and 1 or 0)
        """#

    static let cleanUpText = #"""
        local number, token = tonumber(ARGV[2]), ARGV[3]
        load(number and told(number, token))
        drop_expired()
        local place, refusal
        if number then place, refusal = seek(number, token) end
        if refusal == MISMATCH then return queue_reply(MISMATCH, 0) end
        if place then remove(place, FINISHED) end
        local deleted = live and not texts[1]
        if deleted then live, changed = false, true end
        return queue_reply(OK, (place and 1 or 0) + (deleted and 2 or 0))
        """#
}
