import HTTPServer
import LockStore

extension LockAPI {
    /// What answers a request that has been read: all that waits for the store, or for a ticket.
    ///
    /// Made from the request, which is not looked at any more. A request that is parked keeps what this closure
    /// captures, and the frame of the one place where it is awaited.
    typealias Operation = (isolated LockAPI) async throws(LockStoreError) -> Response

    /// Reads a request: finds what answers it, or what says why it is refused.
    func operation(for call: Call) -> Operation {
        do throws(Problem) {
            return try route(call)
        } catch {
            return { $0.answer(error) }
        }
    }

    /// The whole routing table.
    @inline(never)
    private func route(_ call: Call) throws(Problem) -> Operation {
        let request = call.request
        try checkOrigin(of: call)
        guard let endpoint = call.endpoint else {
            if request.isMethod("OPTIONS"), request.target.elementsEqual([UInt8(ascii: "*")]) {
                return { _ in Self.options("DELETE, GET, HEAD, OPTIONS, POST, PUT") }
            }
            throw Problem(.notFound, "no such path; GET / lists those there are")
        }
        switch endpoint {
        case .issueTicket where request.isMethod("POST"): return try issueTicket(call)
        case .cleanUp where request.isMethod("POST"): return try cleanUp(call)
        case .finishServing where request.isMethod("POST"): return try finishServing(call)
        case .acquire where request.isMethod("POST"): return try acquire(call)
        case .wait where request.isMethod("POST"): return try wait(call)
        case .extend where request.isMethod("POST"): return try extend(call)
        case .isWaiting where call.isGet: return try isWaiting(call)
        case .lock where call.isGet: return try getLock(call)
        case .lock where request.isMethod("PUT"): return try putLock(call)
        case .lock where request.isMethod("DELETE"): return try deleteLock(call)
        case .locks where call.isGet: return try listLocks(call)
        case .openAPI where call.isGet: return try openAPI(call)
        case .health where call.isGet: return try health(call)
        case .readiness where call.isGet: return try readiness(call)
        case .version where call.isGet: return try version(call)
        case .metrics where call.isGet: return try metricsPage(call)
        case .index where call.isGet: return try index(call)
        case _ where request.isMethod("OPTIONS"): return { _ in Self.options(endpoint.allow) }
        default: throw methodNotAllowed(call, endpoint)
        }
    }

    private static func options(_ allow: StaticString) -> Response {
        Response(status: 200, contentType: .text, body: [], allow: allow)
    }

    private func methodNotAllowed(_ call: Call, _ endpoint: Endpoint) -> Problem {
        Problem(
            .methodNotAllowed,
            "\(quoted(call.request.method)) is not allowed at \(endpoint.path); allowed: \(endpoint.allow)",
            allow: endpoint.allow)
    }
}
