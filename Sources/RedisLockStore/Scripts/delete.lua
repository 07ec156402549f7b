-- ARGV: nothing more.
load()
drop_expired()
if not live then return queue_reply(OK, 0) end
serve()
local waiting = #texts > 1
for place = 1, #texts do ended(place, DELETED) end
texts, numbers, expiries = {}, {}, {}
live, changed = false, true
if waiting then notice = 'd' end
return queue_reply(OK, 2)
