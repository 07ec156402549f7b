/// A task that answers requests, one after the other, and waits for the next in between.
///
/// `@unchecked Sendable`: touched inside the server's isolation only.
final class Worker: @unchecked Sendable {
    var task: Task<Void, Never>?
    private var continuation: UnsafeContinuation<Request?, Never>?

    /// The next request it is to answer; nil: there will be none.
    func next(isolation: isolated (any Actor)? = #isolation) async -> Request? {
        await withUnsafeContinuation { continuation = $0 }
    }

    /// Ends the wait for the next request; only while it waits.
    func take(_ request: Request?) {
        let waiting = continuation
        continuation = nil
        waiting?.resume(returning: request)
    }
}
