import EventLoop
import HTTPServer
import LockStore
import TicketLock

/// A request under way: what its answer needs to know of it when the request can be read no more. Loop thread only.
///
/// Kept by whoever is to answer it; or, when it has been answered with a ticket, until that is known to have arrived.
///
/// `@unchecked Sendable` for that reason.
final class Exchange: LockReply, @unchecked Sendable {
    let request: Request
    let endpoint: Endpoint?
    let start: Instant
    private let api: LockAPI
    /// For the access log, if there is one.
    let access: AccessedRequest?
    /// What the store is asked for.
    var call: LockCall?
    /// Where a request that breaks a lock comes from, if that is logged.
    var peer: String?
    var isParked = false
    var isAbandoned = false
    var isAnswered = false
    var waiter: Waiter? {
        didSet { if let waiter { waitedFor = waiter.number } }
    }
    /// The ticket that its caller waits for, or has waited for.
    private(set) var waitedFor: TicketNumber?
    /// What takes back what it was answered with, if that does not arrive.
    var withdrawal: LockCall?

    init(_ request: Request, at endpoint: Endpoint?, start: Instant, _ access: AccessedRequest?, api: LockAPI)
    {
        self.request = request
        self.endpoint = endpoint
        self.start = start
        self.access = access
        self.api = api
    }

    deinit {
        guard !isAnswered else { return }
        assertionFailure("a request was dropped unanswered")
        request.answer(with: Problem(.internalError, "the request could not be answered").response(nil))
    }

    func answer(_ answer: CallAnswer) {
        api.onLoop((self, answer)) { api, input in api.end(input.0, input.1) }
    }
}
