import HTTPServer
import TicketLock

/// What a client asks of one conversation, every field checked and every default filled in.
///
/// Small, since it lives in the frame of a request that is parked.
struct Order {
    let id: ConversationID
    /// Meaningful where the endpoint requires it.
    let ticket: TicketNumber
    let hasTicket: Bool
    let token: FencingToken?
    let lifetime: Duration
    let timeout: Duration
    let key: IdempotencyKey?

    /// The ticket, where it may be left out.
    var optionalTicket: TicketNumber? { hasTicket ? ticket : nil }
}

extension LockAPI {
    /// Reads the order in a request's JSON body.
    ///
    /// - Parameters:
    ///   - requiresTicket: a missing ticket is a problem.
    ///   - isKeyed: an Idempotency-Key is taken.
    @inline(never)
    func order(
        of call: Call, _ allowed: Fields, requiresTicket: Bool = false, isKeyed: Bool = false
    ) throws(Problem) -> Order {
        _ = try reader.query(call.query, [], limits)
        let parameters = try reader.body(of: call.request, allowed, limits)
        let id = try parameters.requiredID(limits)
        named = Named(conversationID: id, ticket: parameters.ticket)
        if requiresTicket { _ = try parameters.requiredTicket() }
        return Order(
            id: id, ticket: parameters.ticket ?? 0, hasTicket: parameters.ticket != nil,
            token: parameters.token,
            lifetime: parameters.lifetime ?? limits.defaultLifetime,
            timeout: parameters.timeout ?? min(limits.defaultWait, limits.maxWait),
            key: isKeyed ? try idempotencyKey(of: call.request) : nil)
    }

    /// The conversation ID in a request's query.
    @inline(never)
    func queriedID(_ call: Call) throws(Problem) -> ConversationID {
        let id = try reader.query(call.query, .conversationID, limits).requiredID(limits)
        named = Named(conversationID: id, ticket: nil)
        return id
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
