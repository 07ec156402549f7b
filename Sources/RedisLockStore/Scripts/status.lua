-- ARGV: number, token.
local number, token = tonumber(ARGV[2]), ARGV[3]
load()
drop_expired()
local place, refusal = seek(number, token)
-- Who is told that it is served has its lifetime from now.
if place == 1 then claim() end
return ticket_reply(refusal or OK, 0, place)
