import HTTPServer
import TicketLock

/// Reading requests.
extension LockAPI {
    /// The whole routing table: what a request asks for, or why it is refused.
    func parse(_ routed: RoutedRequest) throws(Problem) -> APICall {
        let request = routed.request
        try checkOrigin(of: routed)
        guard let endpoint = routed.endpoint else {
            if request.isMethod("OPTIONS"), request.target.elementsEqual([UInt8(ascii: "*")]) {
                return .options("DELETE, GET, HEAD, OPTIONS, POST, PUT")
            }
            throw Problem(.notFound, "no such path; GET / lists those there are")
        }
        switch endpoint {
        case .issueTicket where routed.isPost: return .lock(try issueTicket(routed))
        case .cleanUp where routed.isPost: return .lock(try cleanUp(routed))
        case .finishServing where routed.isPost: return .lock(try finishServing(routed))
        case .acquire where routed.isPost: return .lock(try acquire(routed))
        case .wait where routed.isPost: return .lock(try wait(routed))
        case .extend where routed.isPost: return .lock(try extend(routed))
        case .isWaiting where routed.isGet:
            return .lock(LockCall(.isSomeoneWaiting, for: try queriedID(routed)))
        case .lock where routed.isGet: return .lock(try getLock(routed))
        case .lock where request.isMethod("PUT"): return .lock(try putLock(routed))
        case .lock where request.isMethod("DELETE"):
            return .lock(LockCall(.deleteLock, for: try queriedID(routed)))
        case .locks where routed.isGet: return .lock(try list(routed))
        case .openAPI where routed.isGet: return try withoutParameters(routed, .openAPI)
        case .health where routed.isGet: return try withoutParameters(routed, .health)
        case .readiness where routed.isGet: return try withoutParameters(routed, .readiness)
        case .version where routed.isGet: return try withoutParameters(routed, .version)
        case .metrics where routed.isGet: return try withoutParameters(routed, .metrics)
        case .index where routed.isGet: return try withoutParameters(routed, .index)
        case _ where request.isMethod("OPTIONS"): return .options(endpoint.allow)
        default:
            throw Problem(
                .methodNotAllowed,
                "\(quoted(request.method)) is not allowed at \(endpoint.path); allowed: \(endpoint.allow)",
                allow: endpoint.allow)
        }
    }

    private func withoutParameters(_ routed: RoutedRequest, _ call: APICall) throws(Problem) -> APICall {
        _ = try query(of: routed, [])
        return call
    }

    func query(of routed: RoutedRequest, _ allowed: Fields) throws(Problem) -> Parameters {
        try reader.query(routed.query, allowed, limits)
    }
}
