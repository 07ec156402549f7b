import LockStore
import RedisClient
import TicketLock

/// Some of the locks, found by `SCAN` with a pattern in which the prefix stands for nothing but itself.
extension RedisLockStore {
    /// Keys looked at for one page, so that a prefix few locks have does not keep Redis busy.
    static let keysPerPageMax = 10_000
    private static let keysPerScanMax = 1_000
    /// Locks that are asked for at once, one after a step that has taken longer than it should.
    private static let locksPerStepMax = 32
    private static let stepTime: Duration = .milliseconds(2)

    func locks(prefix: String, limit: Int, from start: Int) async throws(LockStoreError) -> LockPage {
        let pattern = Self.literal(keyPrefix + prefix) + "*"
        var cursor = ListingCursor(start)
        var found: [LockSnapshot] = []
        var tickets = 0
        var keys = 0
        var keysPerScan = Self.keysPerScanMax
        while found.count < limit, tickets < LockTable.ticketsPerPageMax, keys < Self.keysPerPageMax {
            // In the middle of a slot its own keys are what is left of it, not those of others.
            if cursor.hash > 0 { keysPerScan = 1 }
            let scanned = try await scan(cursor, pattern, count: keysPerScan)
            var ids = scanned.ids
            keys += keysPerScan
            var following = ListingCursor(scan: scanned.next)
            let room = limit - found.count
            if ids.count > room {
                // Where a page ends a scan ends: the same cursor with fewer keys begins at the same place, which
                // does not depend on who comes and goes meanwhile.
                if keysPerScan > 1 {
                    keysPerScan = max(1, keysPerScan / 4)
                    continue
                }
                if !found.isEmpty { break }
                // One slot of Redis's table has more than a page: its keys are told apart by their hashes.
                let hash = ListingCursor.hash(of: ids[room - 1])
                let end = ids.firstIndex { ListingCursor.hash(of: $0) > hash } ?? ids.count
                if end < ids.count {
                    following = ListingCursor(scan: cursor.scan, hash: hash + 1)
                    ids = Array(ids[..<end])
                }
            }
            for lock in try await read(ids) {
                found.append(lock)
                tickets += lock.tickets.count
            }
            if following == ListingCursor(scan: 0) { return LockPage(locks: found, next: nil) }
            cursor = following
            keysPerScan = min(Self.keysPerScanMax, keysPerScan * 2)
        }
        return LockPage(locks: found, next: cursor.integer)
    }

    /// What the cursor's next keys name, in the order of their hashes, and Redis's next cursor.
    private func scan(
        _ cursor: ListingCursor, _ pattern: String, count: Int
    ) async throws(LockStoreError) -> (next: UInt64, ids: [ConversationID]) {
        let reply: RedisReply
        do throws(RedisError) {
            reply = try await redis.command(
                RedisCommand([
                    "SCAN", String(cursor.scan), "MATCH", pattern, "COUNT", String(count),
                ]))
        } catch {
            throw failure(error, isReading: true)
        }
        guard let parts = reply.elements, parts.count == 2, let next = parts[0].text.flatMap({ UInt64($0) }),
            let keys = parts[1].elements
        else {
            throw LockStoreError(.unavailable, "SCAN gave \(reply)")
        }
        let prefixCount = keyPrefix.utf8.count
        let ids = keys.compactMap { key -> (hash: UInt64, id: ConversationID)? in
            guard let bytes = key.bytes,
                let text = String(validating: bytes.dropFirst(prefixCount), as: UTF8.self),
                !text.isEmpty
            else {
                return nil
            }
            let id = ConversationID(text)
            let hash = ListingCursor.hash(of: id)
            return hash >= cursor.hash ? (hash, id) : nil
        }
        var listed: [ConversationID] = []
        for (_, id) in ids.sorted(by: { ($0.hash, $0.id.string) < ($1.hash, $1.id.string) })
        where listed.last != id {
            listed.append(id)
        }
        return (next, listed)
    }

    /// Those of the locks that exist and can be read; looking at them from afar does not count as touching them.
    /// A few at a time, so that others get their turn between them: a deep lock takes Redis some milliseconds.
    private func read(_ ids: [ConversationID]) async throws(LockStoreError) -> [LockSnapshot] {
        var found: [LockSnapshot] = []
        var rest = ids[...]
        var count = 1
        while !rest.isEmpty {
            let began = time.now()
            found += try await readAtOnce(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
            count = time.now() - began < Self.stepTime ? min(count * 2, Self.locksPerStepMax) : 1
        }
        return found
    }

    private func readAtOnce(_ ids: [ConversationID]) async throws(LockStoreError) -> [LockSnapshot] {
        let commands = ids.map {
            scripts.read.evaluation(
                key: keyPrefix + $0.string, arguments: [String(limits.numberRetention.microseconds), "0"])
        }
        do throws(RedisError) {
            var replies = try await redis.pipeline(commands)
            if case .error(let message)? = replies.first, message.hasPrefix("NOSCRIPT ") {
                replies = Array(try await redis.pipeline([scripts.read.load] + commands).dropFirst())
            }
            var found: [LockSnapshot] = []
            for (id, reply) in zip(ids, replies) {
                if case .error = reply { continue }
                // What was dropped because it has expired is not gone yet: nothing of it is counted.
                guard let parsed = try? ScriptReply(reply), let answer = LockAnswer(parsed),
                    let lock = snapshot(in: answer, of: id)
                else {
                    continue
                }
                found.append(lock)
            }
            return found
        } catch {
            throw failure(error, isReading: true)
        }
    }

    /// A text that, in a pattern of Redis's, stands for itself.
    static func literal(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            if "*?[]\\^-".unicodeScalars.contains(character) { escaped.append("\\") }
            escaped.unicodeScalars.append(character)
        }
        return escaped
    }
}
