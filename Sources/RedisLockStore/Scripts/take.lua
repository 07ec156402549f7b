-- ARGV: tickets_max, may_create, kind (issue or acquire), lifetime, timeout, key; what the token may not be below; how
-- long a lock with such a ticket only is kept, in milliseconds; the daemon that asks, nothing if it hears no messages.
local tickets_max, may_create = tonumber(ARGV[2]), ARGV[3] == '1'
local is_acquire, lifetime, timeout = ARGV[4] == 'acquire', tonumber(ARGV[5]), tonumber(ARGV[6])
local idempotency_key = ARGV[7]
token_floor, present = tonumber(ARGV[8]), ARGV[10]
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
if is_acquire and not request and count > 0 and present ~= '' then new.home = present end
if request then new.key, new.request, new.callers = idempotency_key, request, 1 end
put(count + 1, new)
return ticket_reply(OK, made, count + 1)
