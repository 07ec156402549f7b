import HTTPServer
import LockStore
import TicketLock

extension LockAPI {
    private static let pageLimitDefault = 100

    func isWaiting(_ call: Call) throws(Problem) -> Operation {
        let id = try queriedID(call)
        return { api throws(LockStoreError) in
            let waiting = try await api.store.isSomeoneWaiting(for: id)
            return api.answer {
                $0.field("conversation_id", id.string)
                $0.field("is_someone_waiting", waiting.isSomeoneWaiting)
                $0.field("waiting", Int64(waiting.waiting))
                $0.field("now_serving", waiting.nowServing)
            }
        }
    }

    func getLock(_ call: Call) throws(Problem) -> Operation {
        let id = try queriedID(call)
        return { api throws(LockStoreError) in
            guard let lock = try await api.store.getLock(for: id) else {
                return api.answer(
                    Problem(.lockNotFound, "the conversation \(quoted(id.string)) has no lock"))
            }
            return api.answer { $0.fields(of: lock, api.clock) }
        }
    }

    func putLock(_ call: Call) throws(Problem) -> Operation {
        let id = try order(of: call, .conversationID).id
        return { api throws(LockStoreError) in
            switch try await api.store.getOrCreateLock(for: id) {
            case .failure(let refusal): return api.refuse(refusal, ticket: nil, of: id)
            case .success((let lock, let created)):
                return api.answer(created ? 201 : 200) { $0.fields(of: lock, api.clock) }
            }
        }
    }

    func deleteLock(_ call: Call) throws(Problem) -> Operation {
        let id = try queriedID(call)
        let peer = breakLog == nil ? "" : call.request.peer
        return { api throws(LockStoreError) in
            // Only for the log: with Redis, tickets may come and go before the next step.
            let tickets = api.breakLog == nil ? nil : try await api.store.getLock(for: id)?.tickets
            let deleted = try await api.store.deleteLock(for: id)
            if deleted { api.breakLog?(id, (tickets ?? []).map(\.number), peer) }
            return api.answer {
                $0.field("conversation_id", id.string)
                $0.field("deleted", deleted)
            }
        }
    }

    func listLocks(_ call: Call) throws(Problem) -> Operation {
        let parameters = try query(of: call, [.prefix, .limit, .cursor])
        let limit = parameters.limit ?? Self.pageLimitDefault
        return { api throws(LockStoreError) in
            let page = try await api.store.locks(
                prefix: parameters.prefix ?? "", limit: limit, from: parameters.cursor ?? 0)
            return api.answer {
                $0.beginArray("locks")
                for lock in page.locks {
                    $0.beginObject()
                    $0.fields(of: lock, api.clock)
                    $0.endObject()
                }
                $0.endArray()
                if let next = page.next {
                    $0.field("next_cursor", String(next))
                } else {
                    $0.null("next_cursor")
                }
            }
        }
    }

    func query(of call: Call, _ allowed: Fields) throws(Problem) -> Parameters {
        try reader.query(call.query, allowed, limits)
    }
}
