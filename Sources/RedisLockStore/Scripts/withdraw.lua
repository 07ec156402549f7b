-- A ticket stays while another request with the same idempotency key has it. ARGV: number, token; a name of this
-- withdrawal, which may be repeated by it.
local number, token, name = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local function has_left(found, caller)
    for _, left in ipairs(found.left or {}) do
        if left == caller then return true end
    end
    return false
end

-- One caller of several less, who is remembered while some more leave.
local function leave(found, caller)
    found.callers = found.callers - 1
    found.left = found.left or {}
    table.insert(found.left, caller)
    if #found.left > LEFT_MAX then table.remove(found.left, 1) end
end

-- The daemon that asks has had the ticket, so it is the same though Rasa has written it back meanwhile.
load({[number] = {token = tonumber(token)}})
drop_expired()
local place = seek(number, token)
if place then
    local found = ticket(place)
    if has_left(found, name) then
        place = nil
    elseif found.callers and found.callers > 1 then
        leave(found, name)
        put(place, found)
        place = nil
    else
        remove(place, WITHDRAWN)
    end
end
return queue_reply(OK, place and 1 or 0)
