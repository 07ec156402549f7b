-- ARGV: number, token, and the retention in milliseconds.
local number, token = tonumber(ARGV[2]), ARGV[3]
load()
drop_expired()
local place, refusal = seek(number, token)
if refusal == MISMATCH then return queue_reply(MISMATCH, 0) end
if place then remove(place, FINISHED) end
return queue_reply(OK, place and 1 or 0)
