-- ARGV: nothing more.
load()
drop_expired()
return queue_reply(OK, 0)
