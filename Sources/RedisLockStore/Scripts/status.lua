-- ARGV: number, token.
local number, token = tonumber(ARGV[2]), ARGV[3]
load(told(number, token))
drop_expired()
local place, refusal = seek(number, token)
return ticket_reply(refusal or OK, 0, place)
