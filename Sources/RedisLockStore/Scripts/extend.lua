-- ARGV: number, token, lifetime.
local number, token, lifetime = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
load()
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
    if place > 1 then
        tell('e' .. ARGV[2])
    elseif found.expires < before and #texts > 1 then
        tell('')
    end
end
return ticket_reply(refusal or OK, 0, place)
