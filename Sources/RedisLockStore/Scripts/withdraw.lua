-- A ticket stays while another request with the same idempotency key has it. ARGV: number, token.
local number, token = tonumber(ARGV[2]), ARGV[3]
-- The daemon that asks has had the ticket, so it is the same though Rasa has written it back meanwhile.
load({[number] = {token = tonumber(token)}})
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
