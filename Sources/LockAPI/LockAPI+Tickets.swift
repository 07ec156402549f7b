import HTTPServer
import LockStore
import TicketLock

/// The operations on tickets: what each reads from its request, asks the store, and says of what came of it.
/// Those that may wait keep no more than they need.
extension LockAPI {
    @inline(never)
    func issueTicket(_ call: Call) throws(Problem) -> Operation {
        let order = try order(of: call, [.conversationID, .lifetime], isKeyed: true)
        return { api throws(LockStoreError) in
            let result = try await api.store.issueTicket(
                for: order.id, lifetime: order.lifetime, key: order.key)
            return api.taken(result, of: order.id, order.key, isGrant: false)
        }
    }

    @inline(never)
    func acquire(_ call: Call) throws(Problem) -> Operation {
        let order = try order(of: call, [.conversationID, .lifetime, .timeout], isKeyed: true)
        try checkMayWait(call, order.timeout)
        let (id, lifetime, timeout, key) = (order.id, order.lifetime, order.timeout, order.key)
        return { api throws(LockStoreError) in
            let result = try await api.store.acquire(for: id, lifetime: lifetime, timeout: timeout, key: key)
            return api.taken(result, of: id, key, isGrant: true)
        }
    }

    @inline(never)
    func wait(_ call: Call) throws(Problem) -> Operation {
        let order = try order(
            of: call, [.conversationID, .ticket, .token, .timeout], requiresTicket: true)
        try checkMayWait(call, order.timeout)
        let (id, ticket, token, timeout) = (order.id, order.ticket, order.token, order.timeout)
        return { api throws(LockStoreError) in
            let result = try await api.store.wait(for: ticket, token: token, of: id, timeout: timeout)
            return api.told(result, ticket, of: id)
        }
    }

    @inline(never)
    func extend(_ call: Call) throws(Problem) -> Operation {
        let order = try order(
            of: call, [.conversationID, .ticket, .token, .lifetime], requiresTicket: true)
        return { api throws(LockStoreError) in
            let result = try await api.store.extend(
                order.ticket, token: order.token, of: order.id, lifetime: order.lifetime)
            return api.told(result, order.ticket, of: order.id)
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

    /// Whoever holds a lock must get through to finish, so not all connections may wait.
    private func checkMayWait(_ call: Call, _ timeout: Duration) throws(Problem) {
        guard timeout > .zero, !call.request.mayWait else { return }
        throw Problem(
            .tooManyWaiting,
            "as many callers wait as http.max_connections allows without http.reserved_connections; nothing was changed"
        )
    }

    // MARK: What came of it

    /// Why a ticket that was named was not removed: it was finished, has expired, was removed, or was never issued.
    private static let notQueued = "not_queued"

    /// The answer to a client that has taken a ticket, which is taken back when the client is not told.
    @inline(never)
    private func taken(
        _ result: Result<TicketStatus, Refusal>, of id: ConversationID, _ key: IdempotencyKey?, isGrant: Bool
    ) -> Response {
        switch result {
        case .failure(let refusal): return refuse(refusal, ticket: nil, of: id)
        case .success(let status):
            let now = present
            let body = body { $0.fields(of: status, id, clock, now: now) }
            // With a key the caller of issue-ticket comes back for its ticket; without one nobody could
            // finish it.
            guard isGrant || key == nil else { return Response(status: 201, body: body) }
            return TicketResponse(
                body, status, of: id, in: store, delivery: isGrant ? .asked : .takenBack)
        }
    }

    @inline(never)
    private func told(
        _ result: Result<TicketStatus, Refusal>, _ ticket: TicketNumber, of id: ConversationID
    ) -> Response {
        switch result {
        case .failure(let refusal): return refuse(refusal, ticket: ticket, of: id)
        case .success(let status):
            let now = present
            return answer { $0.fields(of: status, id, clock, now: now) }
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
                if !finished.removed { $0.field("reason", Self.notQueued) }
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
                if !cleaned.removed, order.hasTicket { $0.field("reason", Self.notQueued) }
                $0.field("deleted", cleaned.deleted)
                $0.field("is_someone_waiting", cleaned.isSomeoneWaiting)
            }
        }
    }

    @inline(never)
    func refuse(_ refusal: Refusal, ticket: TicketNumber?, of id: ConversationID) -> Response {
        answer(Problem(refusal, ticket: ticket, of: id, limits: limits))
    }
}

/// Gives a ticket out, and takes it back if its caller cannot be told of it.
private final class TicketResponse: Response, @unchecked Sendable {
    private let number: TicketNumber
    private let token: FencingToken
    private let id: ConversationID
    private let store: any LockStore

    init(
        _ body: [UInt8], _ status: TicketStatus, of id: ConversationID, in store: any LockStore,
        delivery: Delivery
    ) {
        number = status.number
        token = status.token
        self.id = id
        self.store = store
        super.init(status: 201, body: body, delivery: delivery)
    }

    override func takeBack() {
        Task.immediate { [store, number, token, id] in
            // A store that cannot be reached now lets the ticket expire instead.
            try? await store.withdraw(number, token: token, of: id)
        }
    }
}
