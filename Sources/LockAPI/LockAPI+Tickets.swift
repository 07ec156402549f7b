import HTTPServer
import LockStore
import TicketLock

extension LockAPI {
    func issueTicket(_ call: Call) async throws(Problem) -> Response {
        let parameters = try body(of: call, [.conversationID, .lifetime])
        let id = try parameters.requiredID(limits)
        let key = try idempotencyKey(of: call.request)
        let lifetime = parameters.lifetime ?? limits.defaultLifetime
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.issueTicket(for: id, lifetime: lifetime, key: key)
        }
        let status = try success(result, ticket: nil, of: id)
        var response = ticketResponse(201, status, id)
        // With a key its caller comes back for the ticket; without one nobody could ever finish it.
        if key == nil { response.whenUndelivered = takingBack(status, of: id) }
        return response
    }

    func acquire(_ call: Call) async throws(Problem) -> Response {
        let parameters = try body(of: call, [.conversationID, .lifetime, .timeout])
        let id = try parameters.requiredID(limits)
        let key = try idempotencyKey(of: call.request)
        let lifetime = parameters.lifetime ?? limits.defaultLifetime
        let timeout = parameters.timeout ?? min(limits.defaultWait, limits.maxWait)
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.acquire(for: id, lifetime: lifetime, timeout: timeout, key: key)
        }
        let status = try success(result, ticket: nil, of: id)
        var response = ticketResponse(201, status, id)
        response.isGrant = true
        response.whenUndelivered = takingBack(status, of: id)
        return response
    }

    func wait(_ call: Call) async throws(Problem) -> Response {
        let parameters = try body(of: call, [.conversationID, .ticket, .token, .timeout])
        let id = try parameters.requiredID(limits)
        let ticket = try parameters.requiredTicket()
        let timeout = parameters.timeout ?? min(limits.defaultWait, limits.maxWait)
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.wait(for: ticket, token: parameters.token, of: id, timeout: timeout)
        }
        return ticketResponse(200, try success(result, ticket: ticket, of: id), id)
    }

    func extend(_ call: Call) async throws(Problem) -> Response {
        let parameters = try body(of: call, [.conversationID, .ticket, .token, .lifetime])
        let id = try parameters.requiredID(limits)
        let ticket = try parameters.requiredTicket()
        let lifetime = parameters.lifetime ?? limits.defaultLifetime
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.extend(ticket, token: parameters.token, of: id, lifetime: lifetime)
        }
        return ticketResponse(200, try success(result, ticket: ticket, of: id), id)
    }

    func finishServing(_ call: Call) async throws(Problem) -> Response {
        let parameters = try body(of: call, [.conversationID, .ticket, .token])
        let id = try parameters.requiredID(limits)
        let ticket = try parameters.requiredTicket()
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.finishServing(ticket, token: parameters.token, of: id)
        }
        let finished = try success(result, ticket: ticket, of: id)
        return Response {
            $0.field("conversation_id", id.string)
            $0.field("removed", finished.removed)
            $0.field("now_serving", finished.nowServing)
            $0.field("is_someone_waiting", finished.isSomeoneWaiting)
        }
    }

    func cleanUp(_ call: Call) async throws(Problem) -> Response {
        let parameters = try body(of: call, [.conversationID, .ticket, .token])
        let id = try parameters.requiredID(limits)
        if parameters.ticket == nil, parameters.token != nil {
            throw Problem(
                .invalidToken, "token is given without a ticket for it to belong to", field: "token")
        }
        let result = try await reaching { () async throws(LockStoreError) in
            try await store.cleanUp(parameters.ticket, token: parameters.token, of: id)
        }
        let cleaned = try success(result, ticket: parameters.ticket, of: id)
        return Response {
            $0.field("conversation_id", id.string)
            $0.field("removed", cleaned.removed)
            $0.field("deleted", cleaned.deleted)
            $0.field("is_someone_waiting", cleaned.isSomeoneWaiting)
        }
    }

    // MARK: Shared by all operations

    func body(of call: Call, _ allowed: Fields) throws(Problem) -> Parameters {
        _ = try query(of: call, [])
        return try reader.body(of: call.request, allowed, limits)
    }

    /// Does a store's operation, turning what the world did to the store into a problem.
    func reaching<Value>(_ operation: () async throws(LockStoreError) -> Value) async throws(Problem) -> Value
    {
        do throws(LockStoreError) {
            return try await operation()
        } catch {
            switch error.code {
            case .unavailable:
                throw Problem(.storeUnavailable, "the lock store cannot be reached; nothing was changed")
            // Its caller has hung up, so nobody reads this.
            case .cancelled: throw Problem(.shuttingDown, "the caller stopped waiting")
            }
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

    private func idempotencyKey(of request: Request) throws(Problem) -> IdempotencyKey? {
        guard let value = request.header("Idempotency-Key") else { return nil }
        guard (1...limits.idempotencyKeyBytesMax).contains(value.count),
            value.allSatisfy({ 0x21...0x7e ~= $0 })
        else {
            throw Problem(
                .invalidIdempotencyKey,
                "Idempotency-Key: \(quoted(String(decoding: value, as: UTF8.self))) is not"
                    + " 1 to \(limits.idempotencyKeyBytesMax) visible ASCII characters",
                field: "Idempotency-Key")
        }
        return String(decoding: value, as: UTF8.self)
    }
}
