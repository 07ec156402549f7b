import Glibc

/// The paths that are served, with the methods each takes. Names label the metrics.
package enum Endpoint: Int, CaseIterable, Sendable {
    case issueTicket, cleanUp, finishServing, acquire, wait, extend, isWaiting, lock, locks, openAPI
    case health, readiness, version, metrics, index

    package var path: StaticString {
        switch self {
        case .issueTicket: "/v1/issue-ticket"
        case .cleanUp: "/v1/cleanup"
        case .finishServing: "/v1/finish-serving"
        case .acquire: "/v1/acquire"
        case .wait: "/v1/wait"
        case .extend: "/v1/extend"
        case .isWaiting: "/v1/is-waiting"
        case .lock: "/v1/lock"
        case .locks: "/v1/locks"
        case .openAPI: "/v1/openapi.json"
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .version: "/version"
        case .metrics: "/metrics"
        case .index: "/"
        }
    }

    /// Its place among all of them.
    var place: Int { rawValue }

    /// The `Allow` header: what may be sent here.
    var allow: StaticString {
        switch self {
        case .issueTicket, .cleanUp, .finishServing, .acquire, .wait, .extend: "OPTIONS, POST"
        case .lock: "DELETE, GET, HEAD, OPTIONS, PUT"
        case .isWaiting, .locks, .openAPI, .health, .readiness, .version, .metrics, .index:
            "GET, HEAD, OPTIONS"
        }
    }

    /// The endpoint of that path, compared byte by byte: no other spelling of a path is served.
    init?(path: UnsafeBufferPointer<UInt8>) {
        guard let start = path.baseAddress else { return nil }
        for place in 0..<Self.count {
            guard let endpoint = Endpoint(rawValue: place) else { break }
            let known = endpoint.path
            if known.utf8CodeUnitCount == path.count, memcmp(known.utf8Start, start, path.count) == 0 {
                self = endpoint
                return
            }
        }
        return nil
    }

    private static let count = allCases.count
}
