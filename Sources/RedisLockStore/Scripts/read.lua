-- Looking at a lock from afar writes nothing. ARGV: whether looking at it counts as touching it, 1 or 0.
load()
drop_expired()
return lock_reply(OK, 0, ARGV[2] == '1')
