import HTTPServer
import LockStore
import TicketLock

/// The operations on tickets. Each reads its order, asks the store, and says what came of it; reading and
/// saying are functions of their own, so that a parked request keeps little more than its order.
extension LockAPI {
    @inline(never)
    func issueTicket(_ call: Call) async throws(Problem) -> Response {
        let order = try order(of: call, [.conversationID, .lifetime], isKeyed: true)
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.issueTicket(for: order.id, lifetime: order.lifetime, key: order.key)
        }
        return try taken(result, order, isGrant: false)
    }

    @inline(never)
    func acquire(_ call: Call) async throws(Problem) -> Response {
        let order = try order(of: call, [.conversationID, .lifetime, .timeout], isKeyed: true)
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.acquire(
                for: order.id, lifetime: order.lifetime, timeout: order.timeout, key: order.key)
        }
        return try taken(result, order, isGrant: true)
    }

    @inline(never)
    func wait(_ call: Call) async throws(Problem) -> Response {
        let order = try order(
            of: call, [.conversationID, .ticket, .token, .timeout], requiresTicket: true)
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.wait(
                for: order.ticket, token: order.token, of: order.id, timeout: order.timeout)
        }
        return try told(result, order)
    }

    @inline(never)
    func extend(_ call: Call) async throws(Problem) -> Response {
        let order = try order(
            of: call, [.conversationID, .ticket, .token, .lifetime], requiresTicket: true)
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.extend(
                order.ticket, token: order.token, of: order.id, lifetime: order.lifetime)
        }
        return try told(result, order)
    }

    @inline(never)
    func finishServing(_ call: Call) async throws(Problem) -> Response {
        let order = try order(of: call, [.conversationID, .ticket, .token], requiresTicket: true)
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.finishServing(order.ticket, token: order.token, of: order.id)
        }
        return try finished(result, order)
    }

    @inline(never)
    func cleanUp(_ call: Call) async throws(Problem) -> Response {
        let order = try order(of: call, [.conversationID, .ticket, .token])
        if !order.hasTicket, order.token != nil {
            throw Problem(
                .invalidToken, "token is given without a ticket for it to belong to", field: "token")
        }
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.cleanUp(order.optionalTicket, token: order.token, of: order.id)
        }
        return try cleanedUp(result, order)
    }

    // MARK: What came of it

    /// The answer to a client that has taken a ticket, which is taken back when the client is not told.
    @inline(never)
    private func taken(
        _ result: Result<TicketStatus, Refusal>, _ order: Order, isGrant: Bool
    ) throws(Problem) -> Response {
        let status = try success(result, ticket: nil, of: order.id)
        var response = ticketResponse(201, status, order.id)
        response.isGrant = isGrant
        // With a key the caller of issue-ticket comes back for its ticket; without one nobody could finish it.
        if isGrant || order.key == nil { response.whenUndelivered = takingBack(status, of: order.id) }
        return response
    }

    @inline(never)
    private func told(
        _ result: Result<TicketStatus, Refusal>, _ order: Order
    ) throws(Problem) -> Response {
        ticketResponse(200, try success(result, ticket: order.ticket, of: order.id), order.id)
    }

    @inline(never)
    private func finished(_ result: Result<Finished, Refusal>, _ order: Order) throws(Problem) -> Response {
        let finished = try success(result, ticket: order.ticket, of: order.id)
        return Response {
            $0.field("conversation_id", order.id.string)
            $0.field("removed", finished.removed)
            $0.field("now_serving", finished.nowServing)
            $0.field("is_someone_waiting", finished.isSomeoneWaiting)
        }
    }

    @inline(never)
    private func cleanedUp(_ result: Result<CleanedUp, Refusal>, _ order: Order) throws(Problem) -> Response {
        let cleaned = try success(result, ticket: order.optionalTicket, of: order.id)
        return Response {
            $0.field("conversation_id", order.id.string)
            $0.field("removed", cleaned.removed)
            $0.field("deleted", cleaned.deleted)
            $0.field("is_someone_waiting", cleaned.isSomeoneWaiting)
        }
    }

    private func ticketResponse(_ code: UInt16, _ status: TicketStatus, _ id: ConversationID) -> Response {
        let now = present
        return Response(status: code) { $0.fields(of: status, id, clock, now: now) }
    }

    /// Takes a ticket back whose caller was not told of it.
    private func takingBack(_ status: TicketStatus, of id: ConversationID) -> @Sendable () -> Void {
        { [store] in
            Task.immediate {
                // A store that cannot be reached now lets the ticket expire instead.
                try? await store.withdraw(status.number, token: status.token, of: id)
            }
        }
    }

    // MARK: Shared by all operations

    /// Does a store's operation, turning what the world did to the store into a problem.
    func reaching<Value>(_ operation: () async throws(LockStoreError) -> Value) async throws(Problem) -> Value
    {
        do throws(LockStoreError) {
            return try await operation()
        } catch {
            throw Problem(error)
        }
    }

    func success<Value>(
        _ result: Result<Value, Refusal>, ticket: TicketNumber?, of id: ConversationID
    ) throws(Problem) -> Value {
        switch result {
        case .success(let value): return value
        case .failure(let refusal): throw Problem(refusal, ticket: ticket, of: id, limits: limits)
        }
    }
}
