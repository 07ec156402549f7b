package import LockStore
import RedisClient
package import TicketLock

/// Some of the locks, found by `SCAN` with a pattern in which the prefix stands for nothing but itself.
extension RedisLockStore {
    /// Keys looked at for one page, so that a prefix few locks have does not keep Redis busy.
    static let keysPerPageMax = 10_000
    private static let keysPerScan = 1_000

    package func locks(prefix: String, limit: Int, from start: Int) async throws(LockStoreError) -> LockPage {
        let pattern = Self.literal(keyPrefix + prefix) + "*"
        var cursor = ListingCursor(start)
        var found: [LockSnapshot] = []
        var tickets = 0
        for _ in 0..<Self.keysPerPageMax / Self.keysPerScan {
            let (next, ids) = try await scan(cursor, pattern)
            var rest = ids[...]
            while !rest.isEmpty {
                if found.count >= limit || tickets >= LockTable.ticketsPerPageMax {
                    let hash = ListingCursor.hash(of: rest[rest.startIndex])
                    return LockPage(locks: found, next: ListingCursor(scan: cursor.scan, hash: hash).integer)
                }
                // Those with one hash are listed together: a cursor cannot tell them apart.
                let ahead = rest.prefix(limit - found.count)
                let batch =
                    ahead
                    + rest.dropFirst(ahead.count).prefix { id in
                        ahead.last.map(ListingCursor.hash) == ListingCursor.hash(of: id)
                    }
                rest = rest.dropFirst(batch.count)
                for lock in try await read(Array(batch)) {
                    found.append(lock)
                    tickets += lock.tickets.count
                }
            }
            guard next != 0 else { return LockPage(locks: found, next: nil) }
            cursor = ListingCursor(scan: next)
            if found.count >= limit { break }
        }
        return LockPage(locks: found, next: cursor.integer)
    }

    /// What the cursor's next keys name, in the order of their hashes, and Redis's next cursor.
    private func scan(
        _ cursor: ListingCursor, _ pattern: String
    ) async throws(LockStoreError) -> (next: UInt64, ids: [ConversationID]) {
        let reply: RedisReply
        do throws(RedisError) {
            reply = try await redis.command(
                RedisCommand([
                    "SCAN", String(cursor.scan), "MATCH", pattern, "COUNT", String(Self.keysPerScan),
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
    private func read(_ ids: [ConversationID]) async throws(LockStoreError) -> [LockSnapshot] {
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
                guard let parsed = try? ScriptReply(reply, countMin: 6),
                    let lock = snapshot(in: parsed, of: id, isCounted: false)
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
