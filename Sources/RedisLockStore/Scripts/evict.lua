-- Deletes a lock only if it is empty. ARGV: nothing more.
load()
drop_expired()
local deleted = live and not texts[1]
if deleted then live, changed = false, true end
return queue_reply(OK, deleted and 2 or 0)
