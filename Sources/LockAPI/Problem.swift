import HTTPServer
import LockStore
import TicketLock

/// An error as a client sees it: problem+json (RFC 9457) with a stable code word.
///
/// A class, so that what throws it hands over one reference.
final class Problem: Error {
    let code: Code
    let detail: String
    /// The field of the request that is at fault.
    let field: String?
    /// The ticket that keeps its place though the request failed.
    let ticket: (id: ConversationID, status: TicketStatus)?
    let allow: StaticString?

    init(
        _ code: Code, _ detail: String, field: String? = nil,
        ticket: (id: ConversationID, status: TicketStatus)? = nil, allow: StaticString? = nil
    ) {
        self.code = code
        self.detail = detail
        self.field = field
        self.ticket = ticket
        self.allow = allow
    }

    /// The code words. They never change their meaning; clients switch on them.
    enum Code: String, CaseIterable {
        case invalidRequest = "invalid_request"
        case invalidJSON = "invalid_json"
        case invalidField = "invalid_field"
        case invalidConversationID = "invalid_conversation_id"
        case invalidTicket = "invalid_ticket"
        case invalidToken = "invalid_token"
        case invalidLifetime = "invalid_lifetime"
        case invalidTimeout = "invalid_timeout"
        case invalidPrefix = "invalid_prefix"
        case invalidLimit = "invalid_limit"
        case invalidCursor = "invalid_cursor"
        case invalidIdempotencyKey = "invalid_idempotency_key"
        case notFound = "not_found"
        case lockNotFound = "lock_not_found"
        case ticketNotFound = "ticket_not_found"
        case methodNotAllowed = "method_not_allowed"
        case tokenMismatch = "token_mismatch"
        case ticketGone = "ticket_gone"
        case bodyTooLarge = "body_too_large"
        case targetTooLong = "target_too_long"
        case unsupportedMediaType = "unsupported_media_type"
        case idempotencyKeyReused = "idempotency_key_reused"
        case acquireTimeout = "acquire_timeout"
        case queueFull = "queue_full"
        case tooManyLocks = "too_many_locks"
        case tooManyTickets = "too_many_tickets"
        case headersTooLarge = "headers_too_large"
        case internalError = "internal_error"
        case lockUnreadable = "lock_unreadable"
        case storeUnavailable = "store_unavailable"
        case outcomeUnknown = "outcome_unknown"
        case shuttingDown = "shutting_down"
        case tooManyConnections = "too_many_connections"
        case tooManyWaiting = "too_many_waiting"
        case requestTimeout = "request_timeout"
        case notImplemented = "not_implemented"
        case misdirectedHost = "misdirected_host"
        case forbiddenOrigin = "forbidden_origin"
        case versionNotSupported = "http_version_not_supported"

        var status: UInt16 {
            switch self {
            case .forbiddenOrigin: 403
            case .notFound, .lockNotFound, .ticketNotFound: 404
            case .methodNotAllowed: 405
            case .requestTimeout: 408
            case .tokenMismatch: 409
            case .ticketGone: 410
            case .bodyTooLarge: 413
            case .targetTooLong: 414
            case .unsupportedMediaType: 415
            case .misdirectedHost: 421
            case .idempotencyKeyReused: 422
            case .acquireTimeout: 423
            case .queueFull, .tooManyLocks, .tooManyTickets: 429
            case .headersTooLarge: 431
            case .internalError, .lockUnreadable: 500
            case .notImplemented: 501
            case .storeUnavailable, .outcomeUnknown, .shuttingDown, .tooManyConnections, .tooManyWaiting: 503
            case .versionNotSupported: 505
            default: 400
            }
        }

        /// The same words for every occurrence, as RFC 9457 has it: the code's, spelled for people.
        var title: String { Self.titles[self] ?? rawValue }

        private static let titles = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.spelledOut) })

        private var spelledOut: String {
            let words = rawValue.split(separator: "_").map { word in
                ["http": "HTTP", "id": "ID", "json": "JSON"][word] ?? String(word)
            }
            return (words.prefix(1).map { $0.prefix(1).uppercased() + $0.dropFirst() } + words.dropFirst())
                .joined(separator: " ")
        }

        /// Seconds after which it is worth trying again.
        var retryAfterSeconds: Int32? {
            switch self {
            case .queueFull, .tooManyLocks, .tooManyTickets, .storeUnavailable, .outcomeUnknown,
                .shuttingDown, .tooManyConnections, .tooManyWaiting:
                1
            default: nil
            }
        }
    }

    func response(_ clock: WallClock?, now: Instant = Instant(nanoseconds: 0)) -> Response {
        Response(
            status: code.status, contentType: .problem, body: body(clock, now: now), allow: allow,
            retryAfterSeconds: code.retryAfterSeconds)
    }

    func body(_ clock: WallClock?, now: Instant) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("type", "urn:ticketlockd:problem:" + code.rawValue)
        json.field("title", code.title)
        json.field("status", Int64(code.status))
        json.field("detail", detail)
        json.field("code", code.rawValue)
        if let field { json.field("field", field) }
        if let ticket, let clock {
            json.fields(of: ticket.status, ticket.id, clock, now: now)
        }
        json.endObject()
        return json.take()
    }
}

extension Problem {
    /// What a client is told of what the world did to the store.
    convenience init(_ error: LockStoreError) {
        switch error.code {
        case .unavailable:
            self.init(.storeUnavailable, "the lock store cannot be reached; nothing was changed")
        case .refused:
            self.init(.storeUnavailable, "\(error.detail); nothing was changed")
        case .stateUnwritable:
            self.init(.storeUnavailable, "the lock store's state cannot be written; nothing was changed")
        case .stateIncomplete:
            self.init(.storeUnavailable, "\(error.detail), and none are given out; nothing was changed")
        case .placeLost:
            self.init(.storeUnavailable, "\(error.detail); it is gone, so take another one")
        case .outcomeUnknown:
            self.init(
                .outcomeUnknown,
                "the lock store did not answer, and may or may not have done what was asked; "
                    + "repeating it with the same Idempotency-Key is safe")
        case .unreadable:
            self.init(
                .lockUnreadable,
                "what the lock store holds for this conversation is no ticket lock; it was left as it is")
        // Nobody reads this.
        case .cancelled: self.init(.shuttingDown, "the caller stopped waiting")
        }
    }

    /// What a client is told of a refusal.
    convenience init(
        _ refusal: Refusal, ticket number: TicketNumber?, of id: ConversationID, limits: LockLimits
    ) {
        // Only the caller of acquire has not named one.
        let name = number.map { "ticket \($0)" } ?? "the ticket"
        switch refusal {
        case .gone(.unknown):
            self.init(
                .ticketGone, "\(name) is no longer queued: it was finished, has expired or was withdrawn")
        case .gone(.expired):
            self.init(.ticketGone, "\(name) has expired; take another ticket")
        case .gone(.removed):
            self.init(.ticketGone, "\(name) was removed by somebody; take another ticket")
        case .gone(.lockDeleted):
            self.init(.ticketGone, "\(name) went with its lock, which was deleted; take another ticket")
        case .neverIssued:
            self.init(
                .ticketNotFound,
                "\(name) was never issued for this conversation: check its conversation_id, or take another ticket "
                    + "if the daemon was restarted without its state")
        case .tokenMismatch:
            self.init(.tokenMismatch, "\(name) has another token than the one given; nothing was changed")
        case .queueFull:
            self.init(
                .queueFull,
                "the conversation has \(limits.ticketsPerLockMax) tickets, and no more are allowed")
        case .tooManyLocks:
            self.init(
                .tooManyLocks, "there are \(limits.locksMax) locks with tickets, and no more are allowed")
        case .tooManyTickets:
            self.init(
                .tooManyTickets,
                "there are \(limits.ticketsMax) tickets in all queues together, and no more are allowed")
        case .idempotencyKeyReused:
            self.init(
                .idempotencyKeyReused,
                "the Idempotency-Key was first sent with another request; use a new key for a new ticket",
                field: "Idempotency-Key")
        case .acquireTimeout:
            self.init(
                .acquireTimeout, "the timeout passed before the ticket was served; the ticket is withdrawn")
        case .shuttingDown(let status):
            self.init(
                .shuttingDown, "the service is shutting down; the ticket keeps its place, wait for it again",
                ticket: status.map { (id, $0) })
        }
    }
}
