-- ARGV: may_create.
load()
drop_expired()
if live then return lock_reply(OK, 0, true) end
if ARGV[2] ~= '1' then return lock_reply(NO_ROOM, 0, true) end
live, changed = true, true
return lock_reply(OK, 1, true)
