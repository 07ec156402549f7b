-- Whether a ticket could be issued now: writes to the key of no conversation, and forgets it. Its two keys are not
-- in one slot of a cluster. KEYS: the lock's with an empty ID, another.
redis.call('GET', KEYS[2])
redis.call('SET', KEYS[1], '', 'PX', 1)
return 0
