import HTTPServer
import LockStore
import TicketLock

/// The operations on tickets: what each reads from its request, asks the store, and says of what came of it.
extension LockAPI {
    @inline(never)
    func issueTicket(_ call: Call) throws(Problem) -> Operation {
        let order = try order(of: call, [.conversationID, .lifetime], isKeyed: true)
        return { api throws(LockStoreError) in
            let result = try await api.store.issueTicket(
                for: order.id, lifetime: order.lifetime, key: order.key)
            return api.taken(result, order, isGrant: false)
        }
    }

    @inline(never)
    func acquire(_ call: Call) throws(Problem) -> Operation {
        let order = try order(of: call, [.conversationID, .lifetime, .timeout], isKeyed: true)
        return { api throws(LockStoreError) in
            let result = try await api.store.acquire(
                for: order.id, lifetime: order.lifetime, timeout: order.timeout, key: order.key)
            return api.taken(result, order, isGrant: true)
        }
    }

    @inline(never)
    func wait(_ call: Call) throws(Problem) -> Operation {
        let order = try order(
            of: call, [.conversationID, .ticket, .token, .timeout], requiresTicket: true)
        return { api throws(LockStoreError) in
            let result = try await api.store.wait(
                for: order.ticket, token: order.token, of: order.id, timeout: order.timeout)
            return api.told(result, order)
        }
    }

    @inline(never)
    func extend(_ call: Call) throws(Problem) -> Operation {
        let order = try order(
            of: call, [.conversationID, .ticket, .token, .lifetime], requiresTicket: true)
        return { api throws(LockStoreError) in
            let result = try await api.store.extend(
                order.ticket, token: order.token, of: order.id, lifetime: order.lifetime)
            return api.told(result, order)
        }
    }

    @inline(never)
    func finishServing(_ call: Call) throws(Problem) -> Operation {
        let order = try order(of: call, [.conversationID, .ticket, .token], requiresTicket: true)
        return { api throws(LockStoreError) in
            api.finished(
                try await api.store.finishServing(order.ticket, token: order.token, of: order.id), order)
        }
    }

    @inline(never)
    func cleanUp(_ call: Call) throws(Problem) -> Operation {
        let order = try order(of: call, [.conversationID, .ticket, .token])
        if !order.hasTicket, order.token != nil {
            throw Problem(
                .invalidToken, "token is given without a ticket for it to belong to", field: "token")
        }
        return { api throws(LockStoreError) in
            api.cleanedUp(
                try await api.store.cleanUp(order.optionalTicket, token: order.token, of: order.id), order)
        }
    }

    // MARK: What came of it

    /// The answer to a client that has taken a ticket, which is taken back when the client is not told.
    @inline(never)
    private func taken(_ result: Result<TicketStatus, Refusal>, _ order: Order, isGrant: Bool) -> Response {
        switch result {
        case .failure(let refusal): return refuse(refusal, ticket: nil, of: order.id)
        case .success(let status):
            var response = ticketAnswer(201, status, order.id)
            response.isGrant = isGrant
            // With a key the caller of issue-ticket comes back for its ticket; without one nobody could
            // finish it.
            if isGrant || order.key == nil {
                response.whenUndelivered = UntoldTicket(status, of: order.id, in: store)
            }
            return response
        }
    }

    @inline(never)
    private func told(_ result: Result<TicketStatus, Refusal>, _ order: Order) -> Response {
        switch result {
        case .failure(let refusal): refuse(refusal, ticket: order.ticket, of: order.id)
        case .success(let status): ticketAnswer(200, status, order.id)
        }
    }

    @inline(never)
    private func finished(_ result: Result<Finished, Refusal>, _ order: Order) -> Response {
        switch result {
        case .failure(let refusal): refuse(refusal, ticket: order.ticket, of: order.id)
        case .success(let finished):
            answer {
                $0.field("conversation_id", order.id.string)
                $0.field("removed", finished.removed)
                $0.field("now_serving", finished.nowServing)
                $0.field("is_someone_waiting", finished.isSomeoneWaiting)
            }
        }
    }

    @inline(never)
    private func cleanedUp(_ result: Result<CleanedUp, Refusal>, _ order: Order) -> Response {
        switch result {
        case .failure(let refusal): refuse(refusal, ticket: order.optionalTicket, of: order.id)
        case .success(let cleaned):
            answer {
                $0.field("conversation_id", order.id.string)
                $0.field("removed", cleaned.removed)
                $0.field("deleted", cleaned.deleted)
                $0.field("is_someone_waiting", cleaned.isSomeoneWaiting)
            }
        }
    }

    private func ticketAnswer(_ code: UInt16, _ status: TicketStatus, _ id: ConversationID) -> Response {
        let now = present
        return answer(code) { $0.fields(of: status, id, clock, now: now) }
    }

    @inline(never)
    func refuse(_ refusal: Refusal, ticket: TicketNumber?, of id: ConversationID) -> Response {
        answer(Problem(refusal, ticket: ticket, of: id, limits: limits))
    }
}

/// A ticket that is taken back if its caller cannot be told of it.
private final class UntoldTicket: Undelivered, @unchecked Sendable {
    private let number: TicketNumber
    private let token: FencingToken
    private let id: ConversationID
    private let store: any LockStore

    init(_ status: TicketStatus, of id: ConversationID, in store: any LockStore) {
        number = status.number
        token = status.token
        self.id = id
        self.store = store
    }

    override func takeBack() {
        Task.immediate { [store, number, token, id] in
            // A store that cannot be reached now lets the ticket expire instead.
            try? await store.withdraw(number, token: token, of: id)
        }
    }
}
