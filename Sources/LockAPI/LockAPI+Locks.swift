import HTTPServer
import LockStore
import TicketLock

extension LockAPI {
    private static let pageLimitDefault = 100

    @inline(never)
    func isWaiting(_ call: Call) async throws(Problem) -> Response {
        let id = try queriedID(call)
        let waiting = try await reaching { () async throws(LockStoreError) in
            try await store.isSomeoneWaiting(for: id)
        }
        return Response {
            $0.field("conversation_id", id.string)
            $0.field("is_someone_waiting", waiting.isSomeoneWaiting)
            $0.field("waiting", Int64(waiting.waiting))
            $0.field("now_serving", waiting.nowServing)
        }
    }

    @inline(never)
    func getLock(_ call: Call) async throws(Problem) -> Response {
        let id = try queriedID(call)
        let lock = try await reaching { () async throws(LockStoreError) in try await store.getLock(for: id) }
        guard let lock else {
            throw Problem(.lockNotFound, "the conversation \(quoted(id.string)) has no lock")
        }
        return lockResponse(200, lock)
    }

    @inline(never)
    func putLock(_ call: Call) async throws(Problem) -> Response {
        let id = try order(of: call, .conversationID).id
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.getOrCreateLock(for: id)
        }
        let (lock, created) = try success(result, ticket: nil, of: id)
        return lockResponse(created ? 201 : 200, lock)
    }

    @inline(never)
    func deleteLock(_ call: Call) async throws(Problem) -> Response {
        let id = try queriedID(call)
        let deleted = try await reaching { () async throws(LockStoreError) in
            try await store.deleteLock(for: id)
        }
        return Response {
            $0.field("conversation_id", id.string)
            $0.field("deleted", deleted)
        }
    }

    @inline(never)
    func listLocks(_ call: Call) async throws(Problem) -> Response {
        let parameters = try query(of: call, [.prefix, .limit, .cursor])
        let limit = parameters.limit ?? Self.pageLimitDefault
        let page = try await reaching { () async throws(LockStoreError) in
            try await store.locks(prefix: parameters.prefix ?? "", limit: limit, from: parameters.cursor ?? 0)
        }
        return Response {
            $0.beginArray("locks")
            for lock in page.locks { $0.object(of: lock, clock) }
            $0.endArray()
            if let next = page.next { $0.field("next_cursor", String(next)) } else { $0.null("next_cursor") }
        }
    }

    func query(of call: Call, _ allowed: Fields) throws(Problem) -> Parameters {
        try reader.query(call.query, allowed, limits)
    }

    private func lockResponse(_ code: UInt16, _ lock: LockSnapshot) -> Response {
        var json = JSONWriter()
        json.object(of: lock, clock)
        return Response(status: code, body: json.bytes)
    }
}
