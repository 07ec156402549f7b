-- The scripts as they are put together for Redis, without the constants that stand in front of them.
std = "lua51"
max_line_length = 120
read_globals = {"redis", "cjson", "KEYS", "ARGV", "KEY_PREFIX_BYTES", "CHANNEL_PREFIX", "CLAIM_PERIOD", "IS_CLEANUP",
    "LOOK_PERIOD", "RETURN_PERIOD", "UNHEARD_MAX", "HOMES_MAX", "LEFT_MAX"}
-- No script uses all the functions that they have in common.
ignore = {"211"}
