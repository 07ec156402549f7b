extension LockScripts {
    /// What most of the scripts have in common: functions that take the value apart, change it and write it back.
    ///
    /// The value is what Rasa's `TicketLock.dumps` writes, tickets as JSON in JSON, with fields of ours beside
    /// Rasa's. Rasa ignores them, and loses them when it writes a lock back: what is left is then taken over.
    /// Moments and spans are whole microseconds here; Redis's own clock is the only one. A ticket's text is not
    /// decoded unless more than its number and expiry is wanted, which are read by a pattern when they are
    /// written as Rasa and we do.
    static let preludeText = #"""
        local live = false -- the lock exists; what is left of a deleted one does not count
        local changed = false -- the value must be written
        local texts, numbers, expiries = {}, {}, {} -- the tickets in their order
        local last_issued, last_token, token_floor = -1, 0, 0
        local journal = {} -- triples: what happened, the ticket's number, a span
        local notice -- what waiting daemons are told

        local SERVED, FINISHED, WITHDRAWN, EXPIRED, TIMED_OUT, DELETED, KEYED = 1, 2, 3, 4, 5, 6, 16
        local OK, GONE, NEVER_ISSUED, MISMATCH, FULL, NO_ROOM, KEY_REUSED, TIMEOUT = 0, 1, 2, 3, 4, 5, 6, 7
        local FAR = 9007199254740991

        local function not_a_lock(what)
            error(redis.error_reply('NOTALOCK the value of ' .. key .. ' is not a ticket lock: ' .. what))
        end

        local function decoded(text, what)
            local ok, value = pcall(cjson.decode, text)
            if not ok or type(value) ~= 'table' then not_a_lock(what) end
            return value
        end

        local function ticket(place)
            local found = cjson.decode(texts[place])
            found.expires = expiries[place]
            return found
        end

        local function put(place, given)
            local text = string.format(
                '{"number": %d, "expires": %.6f, "token": %d, "issued": %d',
                given.number, given.expires / 1000000, given.token, given.issued)
            if given.called then text = text .. string.format(', "called": %d', given.called) end
            if given.served then text = text .. string.format(', "served": %d', given.served) end
            if given.adopted then text = text .. ', "adopted": true' end
            if given.lifetime then text = text .. string.format(', "lifetime": %d', given.lifetime) end
            if given.key then
                text = text .. ', "key": ' .. cjson.encode(given.key) .. ', "request": '
                    .. cjson.encode(given.request) .. string.format(', "callers": %d', given.callers)
            end
            texts[place], numbers[place], expiries[place] = text .. '}', given.number, given.expires
            changed = true
        end

        local function token_at(place)
            return tonumber(string.match(texts[place], '"token": (%d+)'))
        end

        local function next_token()
            last_token = math.max(last_token + 1, now, token_floor)
            return last_token
        end

        -- What a client says of a ticket, for one that has lost its token: tokens are not ahead of the time.
        local function told(number, token)
            token = tonumber(token)
            return token and token <= now and {[number] = {token = token}}
        end

        -- Takes over what Rasa has written: gives tokens to the tickets that have none; the old ones to those that
        -- somebody knows, now or later. `known` has tickets by number.
        local function adopt(known)
            local adopted = {}
            for place = 1, #texts do
                local found = ticket(place)
                found.number = numbers[place]
                local old = known and known[found.number]
                if not found.token and old
                    and (not old.expires or math.abs(old.expires - found.expires) <= 1) then
                    found.token, found.lifetime = old.token, old.lifetime
                end
                if found.token then last_token = math.max(last_token, found.token) end
                adopted[place] = found
            end
            for place, found in ipairs(adopted) do
                if not found.token then found.token, found.adopted = next_token(), true end
                found.issued = found.issued or now
                put(place, found)
            end
            changed = true
            -- Rasa tells nobody what it does; whoever waits finds out now.
            notice = ''
        end

        local function load(known)
            if not value then return end
            local lock = decoded(value, 'it is no JSON object')
            local tickets = lock.tickets
            if type(tickets) ~= 'table' then not_a_lock('it has no tickets') end
            last_issued = tonumber(lock.last_issued) or -1
            for place, text in ipairs(tickets) do
                if type(text) ~= 'string' then not_a_lock('a ticket is no string') end
                local number, expires = string.match(text, '^{"number": (%d+), "expires": (%d+%.?%d*)[,}]')
                number, expires = tonumber(number), tonumber(expires)
                if not number then
                    local found = decoded(text, 'a ticket is no JSON object')
                    number, expires = found.number, found.expires
                    if type(number) ~= 'number' or type(expires) ~= 'number' then
                        not_a_lock('a ticket has no number or no expiry')
                    end
                end
                expires = math.floor(expires * 1000000 + 0.5)
                -- Rasa may write Infinity and NaN, which never expire there either.
                if not (expires < FAR) then expires = FAR end
                texts[place], numbers[place], expiries[place] = text, number, expires
                if number > last_issued then last_issued = number end
            end
            live = lock.deleted ~= true or #texts > 0
            if type(lock.last_token) == 'number' then last_token = lock.last_token else adopt(known) end
        end

        local function tell(what)
            notice = notice and notice .. ' ' .. what or what
        end

        local function note(what, number, span)
            local count = #journal
            journal[count + 1], journal[count + 2], journal[count + 3] = what, number, span
        end

        -- Notes that a ticket has come to its end. A waiting one's callers are told.
        local function ended(place, ending)
            local gone = ticket(place)
            local keyed = gone.key and KEYED or 0
            if gone.served then return note(ending + keyed, numbers[place], now - gone.served) end
            if ending == EXPIRED and gone.lifetime then ending = TIMED_OUT end
            note(ending + keyed, numbers[place], -1)
            tell(string.format((ending == EXPIRED or ending == TIMED_OUT) and 'x%d' or 'r%d', numbers[place]))
        end

        local function drop_expired()
            local count, kept = #texts, 0
            for place = 1, count do
                if expiries[place] > now then
                    kept = kept + 1
                    if kept < place then
                        texts[kept], numbers[kept], expiries[kept] =
                            texts[place], numbers[place], expiries[place]
                    end
                else
                    ended(place, EXPIRED)
                end
            end
            if kept == count then return end
            for place = kept + 1, count do texts[place], numbers[place], expiries[place] = nil, nil, nil end
            changed = true
            notice = notice or ''
        end

        local function remove(place, ending)
            ended(place, ending)
            table.remove(texts, place)
            table.remove(numbers, place)
            table.remove(expiries, place)
            changed = true
            if place == 1 and #texts > 0 then notice = notice or '' end
        end

        -- The ticket at the head is served. One of acquire is only called: its daemon, which has the caller, claims
        -- it, and where nobody is left to do so it is gone soon.
        local function serve()
            if not texts[1] or string.find(texts[1], '"served": ', 1, true)
                or string.find(texts[1], '"called": ', 1, true) then
                return
            end
            local head = ticket(1)
            if head.lifetime then
                head.called = now
                head.expires = math.min(head.expires, now + math.min(head.lifetime, claim_period))
            else
                head.served = now
                note(SERVED, head.number, now - head.issued)
            end
            put(1, head)
        end

        -- Somebody is there who has the ticket at the head: the lifetime of one of acquire starts.
        local function claim()
            if string.find(texts[1], '"served": ', 1, true) then return end
            local head = ticket(1)
            head.served, head.called = now, nil
            if head.lifetime then head.expires = now + head.lifetime end
            put(1, head)
            note(SERVED, head.number, now - head.issued)
        end

        -- Gives a ticket that was taken over from Rasa the token that it had before; whether it was one.
        local function reclaim(place, token, lifetime)
            local found = ticket(place)
            if not found.adopted then return false end
            found.token, found.lifetime, found.adopted = token, lifetime, nil
            if found.served and lifetime then found.expires = now + lifetime end
            put(place, found)
            return true
        end

        local function find(number)
            local guess = numbers[1] and number - numbers[1] + 1
            if guess and numbers[guess] == number then return guess end
            for place = 1, #numbers do
                if numbers[place] == number then return place end
            end
        end

        -- Where a ticket stands, or why it cannot be had. An empty token is not looked at.
        local function seek(number, token)
            local place = find(number)
            if not place then
                return nil, number >= 0 and number <= last_issued and GONE or NEVER_ISSUED
            end
            token = tonumber(token)
            if token and token ~= token_at(place) and not (token <= now and reclaim(place, token)) then
                return nil, MISMATCH
            end
            return place
        end

        -- Writes what has changed, and tells. When the lock is to be forgotten counts from the value given back:
        -- when it was last touched, or its last ticket expires; -1: there is no lock.
        local function settle()
            serve()
            local latest = now
            for place = 1, #expiries do
                if expiries[place] > latest then latest = expiries[place] end
            end
            local milliseconds = math.ceil((latest - now + retention) / 1000)
            if changed then
                redis.call('SET', key, '{"conversation_id": ' .. cjson.encode(id) .. ', "tickets": '
                    .. (texts[1] and cjson.encode(texts) or '[]')
                    .. string.format(', "last_issued": %d, "last_token": %d', last_issued, last_token)
                    .. (live and '}' or ', "deleted": true}'), 'PX', milliseconds)
            elseif live and not texts[1] then
                redis.call('PEXPIRE', key, milliseconds)
            end
            if notice then redis.call('PUBLISH', channel, notice) end
            return live and latest or -1
        end

        -- An answer of so many values, and behind them what happened.
        local function reply(values)
            local count = #values
            for place = 1, #journal do values[count + place] = journal[place] end
            return values
        end

        local function ticket_reply(code, made, place)
            local score = settle()
            if not place then return reply({code, now, score, made, 0, 0, 0, 0, 0}) end
            return reply({
                code, now, score, made,
                numbers[place], token_at(place), expiries[place], numbers[1], place - 1})
        end

        local function queue_reply(code, removed)
            local score = settle()
            return reply({code, now, score, removed, #numbers, numbers[1] or 0})
        end

        """#
}
