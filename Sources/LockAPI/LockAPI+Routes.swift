import HTTPServer

extension LockAPI {
    /// Finds who answers a request: the whole routing table.
    func answer(_ call: Call) async throws(Problem) -> Response {
        let request = call.request
        guard let endpoint = call.endpoint else {
            if request.isMethod("OPTIONS"), request.target.elementsEqual([UInt8(ascii: "*")]) {
                return Response(
                    status: 200, contentType: .text, body: [], allow: "DELETE, GET, HEAD, OPTIONS, POST, PUT")
            }
            throw Problem(.notFound, "no such path; GET / lists those there are")
        }
        if request.isMethod("OPTIONS") {
            return Response(status: 200, contentType: .text, body: [], allow: endpoint.allow)
        }
        switch endpoint {
        case .issueTicket where request.isMethod("POST"): return try await issueTicket(call)
        case .cleanUp where request.isMethod("POST"): return try await cleanUp(call)
        case .finishServing where request.isMethod("POST"): return try await finishServing(call)
        case .acquire where request.isMethod("POST"): return try await acquire(call)
        case .wait where request.isMethod("POST"): return try await wait(call)
        case .extend where request.isMethod("POST"): return try await extend(call)
        case .isWaiting where call.isGet: return try await isWaiting(call)
        case .lock where call.isGet: return try await getLock(call)
        case .lock where request.isMethod("PUT"): return try await putLock(call)
        case .lock where request.isMethod("DELETE"): return try await deleteLock(call)
        case .locks where call.isGet: return try await listLocks(call)
        case .openAPI where call.isGet: return try openAPI(call)
        case .health where call.isGet: return try health(call)
        case .readiness where call.isGet: return try await readiness(call)
        case .version where call.isGet: return try version(call)
        case .metrics where call.isGet: return try await metricsPage(call)
        case .index where call.isGet: return try index(call)
        default: throw methodNotAllowed(call, endpoint)
        }
    }

    private func methodNotAllowed(_ call: Call, _ endpoint: Endpoint) -> Problem {
        Problem(
            .methodNotAllowed,
            "\(quoted(call.request.method)) is not allowed at \(endpoint.path); allowed: \(endpoint.allow)",
            allow: endpoint.allow)
    }
}
