-- The callers that wait in a daemon know their tickets, and give them back to a lock that lost them.
-- ARGV: the daemon that asks, nothing when it ends; number, token, expires, lifetime of each ticket that is asked for;
-- what is not known is -1.
-- The caller of a ticket of acquire may be at another daemon than before; at none while this one ends.
present = ARGV[2]
local function settle_in(place)
    local home = home_at(place)
    if home == present or not home and present == '' or string.find(texts[place], '"key": ', 1, true)
        or not string.find(texts[place], '"lifetime": ', 1, true) then
        return
    end
    local found = ticket(place)
    if home and present ~= '' and redis.pcall('PUBLISH', CHANNEL_PREFIX .. 'daemon:' .. home, '') ~= 0 then return end
    found.home = present ~= '' and present or nil
    put(place, found)
end

local known = {}
for argument = 3, #ARGV, 4 do
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
    if place and token_at(place) == given.token then settle_in(place) end
    if place == 1 and token_at(1) == given.token then claim() end
end
local score = settle()
local answer = {OK, now, score, #numbers, numbers[1] or 0, expiries[1] or 0, (#ARGV - 2) / 4}
for argument = 3, #ARGV, 4 do
    local place = find(tonumber(ARGV[argument]))
    if place and token_at(place) ~= tonumber(ARGV[argument + 1]) then place = nil end
    local count = #answer
    answer[count + 1] = place and place - 1 or -1
    answer[count + 2] = place and expiries[place] or 0
end
return reply(answer)
