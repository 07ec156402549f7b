import HTTPServer
import TicketLock

/// What a request asks for: all of it that its answer depends on.
enum APICall {
    /// Of the store, in one step.
    case lock(LockCall)
    case health, readiness, version, metrics, openAPI, index
    /// What may be sent to a path.
    case options(StaticString)
}

/// A request that is being read.
struct RoutedRequest {
    let request: Request
    let endpoint: Endpoint?
    let query: UnsafeBufferPointer<UInt8>.SubSequence

    init(_ request: Request) {
        let target = request.target
        let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
        self.request = request
        endpoint = Endpoint(path: UnsafeBufferPointer(rebasing: target[..<end]))
        query = target[end...].dropFirst()
    }

    var isGet: Bool { request.isMethod("GET") || request.isMethod("HEAD") }
    var isPost: Bool { request.isMethod("POST") }
}
