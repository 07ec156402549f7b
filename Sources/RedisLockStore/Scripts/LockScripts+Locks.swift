/// The scripts that name a lock only.
extension LockScripts {
    static let waitingText = #"""
        load()
        drop_expired()
        return queue_reply(OK, 0)
        """#

    private static let snapshotText = #"""
        local function lock_reply(code, made, is_touched)
            local score = is_touched and settle() or live and now or -1
            local answer = {code, now, score, made, last_issued, #numbers}
            if code ~= OK then return reply(answer) end
            for place = 1, #numbers do
                local found = ticket(place)
                local count = #answer
                answer[count + 1], answer[count + 2] = numbers[place], found.token
                answer[count + 3], answer[count + 4] = found.issued, expiries[place]
                answer[count + 5], answer[count + 6] = found.lifetime or -1, found.key and 1 or 0
            end
            return reply(answer)
        end

        """#

    /// Looking at a lock from afar writes nothing.
    static let readText =
        snapshotText + #"""
            load()
            drop_expired()
            return lock_reply(OK, 0, ARGV[2] == '1')
            """#

    static let createText =
        snapshotText + #"""
            load()
            drop_expired()
            if live then return lock_reply(OK, 0, true) end
            if ARGV[2] ~= '1' then return lock_reply(NO_ROOM, 0, true) end
            live, changed = true, true
            return lock_reply(OK, 1, true)
            """#

    static let deleteText = #"""
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
        """#

    /// Deletes a lock only if it is empty.
    static let evictText = #"""
        load()
        drop_expired()
        local deleted = live and not texts[1]
        if deleted then live, changed = false, true end
        return queue_reply(OK, deleted and 2 or 0)
        """#
}
