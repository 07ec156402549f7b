/// What scripts begin with, and the usual case done at once: a lock with no tickets, or with one that is served.
///
/// Making the functions of the prelude and decoding JSON costs Redis more than all the rest, so a value that
/// looks just as the scripts write it is answered by a pattern, before the prelude. Quotes inside of a
/// conversation ID are escaped, so no ID looks like the fields behind it.
extension LockScripts {
    static func head(keyPrefix: String, channelPrefix: String, claimPeriod: Duration) -> String {
        """
        local key, retention = KEYS[1], tonumber(ARGV[1])
        local id = string.sub(key, \(keyPrefix.utf8.count + 1))
        local channel = '\(channelPrefix)' .. key
        local claim_period = \(claimPeriod.microseconds)
        """ + headText
    }

    private static let headText = #"""

        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local value = redis.call('GET', key)

        """#

    /// A ticket that has no key, for a lock that holds none.
    static let takeAtOnceText = #"""
        if ARGV[7] == '' and ARGV[2] ~= '0' then
            local last_issued, last_token, rest = -1, 0, ', "deleted": true'
            if value then
                last_issued, last_token, rest = string.match(
                    value, ', "tickets": %[%], "last_issued": (%-?%d+), "last_token": (%d+)([^}]*)}$')
            end
            local is_new = rest ~= ''
            if last_issued and (not is_new or rest == ', "deleted": true' and ARGV[3] == '1') then
                local number, token = last_issued + 1, math.max(last_token + 1, now, tonumber(ARGV[8]))
                local lifetime = tonumber(ARGV[5])
                redis.call('SET', key, '{"conversation_id": ' .. cjson.encode(id) .. string.format(
                    ', "tickets": ["{\\"number\\": %d, \\"expires\\": %.6f, \\"token\\": %d, \\"issued\\": %d, '
                    .. '\\"served\\": %d%s}"], "last_issued": %d, "last_token": %d}',
                    number, (now + lifetime) / 1000000, token, now, now,
                    ARGV[4] == 'acquire' and ', \\"lifetime\\": ' .. ARGV[5] or '', number, token),
                    'PX', math.ceil((lifetime + retention) / 1000))
                return {
                    0, now, now + lifetime, is_new and 3 or 2, number, token, now + lifetime, number, 0,
                    1, number, 0}
            end
        end

        """#

    /// Finishes the only ticket, which is served. `is_cleanup` is set before it.
    static let finishAtOnceText = #"""
        if value then
            local number, expires, token, served, rest, last_issued, last_token = string.match(
                value, ', "tickets": %["{\\"number\\": (%d+), \\"expires\\": (%d+%.%d+), \\"token\\": (%d+), '
                .. '\\"issued\\": %d+, \\"served\\": (%d+)([^}]*)}"%], "last_issued": (%d+), "last_token": (%d+)}$')
            if number and number == ARGV[2] and (ARGV[3] == '' or ARGV[3] == token)
                and expires * 1000000 > now and not string.find(rest, 'key', 1, true) then
                redis.call('SET', key, '{"conversation_id": ' .. cjson.encode(id)
                    .. ', "tickets": [], "last_issued": ' .. last_issued .. ', "last_token": ' .. last_token
                    .. (is_cleanup and ', "deleted": true}' or '}'), 'PX', math.ceil(retention / 1000))
                return {
                    0, now, is_cleanup and -1 or now, is_cleanup and 3 or 1, 0, 0, 2, tonumber(number), now - served}
            end
        end

        """#
}
