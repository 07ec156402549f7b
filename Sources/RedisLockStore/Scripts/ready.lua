-- Whether a ticket could be issued now: every command that the other scripts cannot do without, on the key of no
-- conversation, which is forgotten at once. The two keys are not in one slot of a cluster. KEYS: the lock's with an
-- empty ID, another.
redis.call('TIME')
redis.call('GET', KEYS[2])
redis.call('PEXPIRE', KEYS[1], 1)
redis.call('SET', KEYS[1], '', 'PX', 1)
return 0
