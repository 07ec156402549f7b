import HTTPServer

extension LockAPI {
    /// What answers a request.
    ///
    /// A value, so that answering has one place where it suspends: a request that is parked keeps room for the
    /// outcome of one operation, not of all of them.
    typealias Operation = (isolated LockAPI, Call) async throws(Problem) -> Response

    /// Finds what answers a request: the whole routing table.
    @inline(never)
    func operation(for call: Call) throws(Problem) -> Operation {
        let request = call.request
        guard let endpoint = call.endpoint else {
            if request.isMethod("OPTIONS"), request.target.elementsEqual([UInt8(ascii: "*")]) {
                return { _, _ in Self.options("DELETE, GET, HEAD, OPTIONS, POST, PUT") }
            }
            throw Problem(.notFound, "no such path; GET / lists those there are")
        }
        switch endpoint {
        case .issueTicket where request.isMethod("POST"): return { try await $0.issueTicket($1) }
        case .cleanUp where request.isMethod("POST"): return { try await $0.cleanUp($1) }
        case .finishServing where request.isMethod("POST"): return { try await $0.finishServing($1) }
        case .acquire where request.isMethod("POST"): return { try await $0.acquire($1) }
        case .wait where request.isMethod("POST"): return { try await $0.wait($1) }
        case .extend where request.isMethod("POST"): return { try await $0.extend($1) }
        case .isWaiting where call.isGet: return { try await $0.isWaiting($1) }
        case .lock where call.isGet: return { try await $0.getLock($1) }
        case .lock where request.isMethod("PUT"): return { try await $0.putLock($1) }
        case .lock where request.isMethod("DELETE"): return { try await $0.deleteLock($1) }
        case .locks where call.isGet: return { try await $0.listLocks($1) }
        case .openAPI where call.isGet: return { api, call throws(Problem) in try api.openAPI(call) }
        case .health where call.isGet: return { api, call throws(Problem) in try api.health(call) }
        case .readiness where call.isGet: return { try await $0.readiness($1) }
        case .version where call.isGet: return { api, call throws(Problem) in try api.version(call) }
        case .metrics where call.isGet: return { try await $0.metricsPage($1) }
        case .index where call.isGet: return { api, call throws(Problem) in try api.index(call) }
        case _ where request.isMethod("OPTIONS"):
            return { _, call in Self.options(call.endpoint?.allow ?? "") }
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
