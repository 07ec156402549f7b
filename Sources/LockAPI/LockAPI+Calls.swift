import HTTPServer
import TicketLock

/// The requests that the store is asked for, each with the fields that it takes.
extension LockAPI {
    private static let pageLimitDefault = 100

    func issueTicket(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        let fields = try body(of: routed, [.conversationID, .lifetime])
        return LockCall(
            .issueTicket(
                lifetime: fields.lifetime ?? limits.defaultLifetime,
                key: try idempotencyKey(of: routed.request)),
            for: try fields.requiredID(limits))
    }

    func acquire(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        let fields = try body(of: routed, [.conversationID, .lifetime, .timeout])
        let key = try idempotencyKey(of: routed.request)
        return LockCall(
            .acquire(
                lifetime: fields.lifetime ?? limits.defaultLifetime,
                timeout: try timeout(of: routed, fields), key: key),
            for: try fields.requiredID(limits))
    }

    func wait(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        let fields = try body(of: routed, [.conversationID, .ticket, .token, .timeout])
        let ticket = try fields.requiredTicket()
        return LockCall(
            .wait(ticket, fields.token, timeout: try timeout(of: routed, fields)),
            for: try fields.requiredID(limits))
    }

    func extend(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        let fields = try body(of: routed, [.conversationID, .ticket, .token, .lifetime])
        return LockCall(
            .extend(
                try fields.requiredTicket(), fields.token, lifetime: fields.lifetime ?? limits.defaultLifetime
            ),
            for: try fields.requiredID(limits))
    }

    func finishServing(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        let fields = try body(of: routed, [.conversationID, .ticket, .token])
        return LockCall(
            .finishServing(try fields.requiredTicket(), fields.token), for: try fields.requiredID(limits))
    }

    func cleanUp(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        let fields = try body(of: routed, [.conversationID, .ticket, .token])
        guard fields.ticket != nil || fields.token == nil else {
            throw Problem(
                .invalidToken, "token is given without a ticket for it to belong to", field: "token")
        }
        return LockCall(.cleanUp(fields.ticket, fields.token), for: try fields.requiredID(limits))
    }

    func getLock(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        let fields = try query(of: routed, [.conversationID, .limit, .cursor])
        let id = try fields.requiredID(limits)
        named = Named(conversationID: id, ticket: nil)
        let limit = fields.limit ?? LockSnapshot.ticketsMax
        return LockCall(.getLock(limit: limit, from: TicketNumber(fields.cursor ?? 0)), for: id)
    }

    func putLock(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        LockCall(.getOrCreateLock, for: try body(of: routed, .conversationID).requiredID(limits))
    }

    func list(_ routed: RoutedRequest) throws(Problem) -> LockCall {
        let fields = try query(of: routed, [.prefix, .limit, .cursor])
        return LockCall(
            .list(limit: fields.limit ?? Self.pageLimitDefault, from: fields.cursor ?? 0),
            for: ConversationID(fields.prefix ?? ""))
    }

    /// The conversation ID in a request's query.
    func queriedID(_ routed: RoutedRequest) throws(Problem) -> ConversationID {
        let id = try query(of: routed, .conversationID).requiredID(limits)
        named = Named(conversationID: id, ticket: nil)
        return id
    }

    /// The fields in a request's JSON body, of which the conversation ID is one.
    private func body(of routed: RoutedRequest, _ allowed: Fields) throws(Problem) -> Parameters {
        _ = try query(of: routed, [])
        let fields = try reader.body(of: routed.request, allowed, limits)
        named = Named(conversationID: try fields.requiredID(limits), ticket: fields.ticket)
        return fields
    }

    /// How long the caller is willing to wait. Whoever holds a lock must get through to finish, so not all
    /// connections may wait.
    private func timeout(of routed: RoutedRequest, _ fields: Parameters) throws(Problem) -> Duration {
        let timeout = fields.timeout ?? min(limits.defaultWait, limits.maxWait)
        guard timeout > .zero, !routed.request.mayWait else { return timeout }
        throw Problem(
            .tooManyWaiting,
            "as many callers wait as http.max_connections allows without http.reserved_connections; nothing was changed"
        )
    }

    private func idempotencyKey(of request: Request) throws(Problem) -> IdempotencyKey? {
        guard let value = request.header(.idempotencyKey) else { return nil }
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
