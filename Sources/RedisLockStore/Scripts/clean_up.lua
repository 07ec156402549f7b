-- ARGV: number or nothing, token, and the retention in milliseconds.
local number, token = tonumber(ARGV[2]), ARGV[3]
load()
drop_expired()
local place, refusal
if number then place, refusal = seek(number, token) end
if refusal == MISMATCH then return queue_reply(MISMATCH, 0) end
if place then remove(place, FINISHED) end
local deleted = live and not texts[1]
if deleted then live, changed = false, true end
return queue_reply(OK, (place and 1 or 0) + (deleted and 2 or 0))
