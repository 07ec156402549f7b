-- What every script begins with. KEYS[1] is the lock's key, ARGV[1] the retention of numbers, in microseconds.
--
-- Every reply is an array of integers, or a text of them, that begins with what came of it, Redis's time, and when
-- the lock was last touched, or its last ticket expires; -1 when there is no lock.
local key, retention = KEYS[1], tonumber(ARGV[1])
local id = string.sub(key, KEY_PREFIX_BYTES + 1)
local channel = CHANNEL_PREFIX .. key
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local value = redis.call('GET', key)

