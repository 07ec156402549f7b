package import HTTPServer
import TicketLock

/// What is said about bytes that never became a request.
extension LockAPI {
    package nonisolated func body(for refusal: HTTPRefusal) -> [UInt8] {
        Self.problem(refusal).body(nil, now: Instant(nanoseconds: 0))
    }

    private static func problem(_ refusal: HTTPRefusal) -> Problem {
        switch refusal {
        case .malformed: Problem(.invalidRequest, "this is not a request of HTTP/1.1")
        case .target:
            Problem(
                .invalidRequest,
                "the request target is not one; allowed is a path with an optional query, or an http: URL, without blanks and control characters, one blank before it and one behind"
            )
        case .lineEnd:
            Problem(
                .invalidRequest,
                "a line of the request's head does not end with CR LF, goes on in the next line, or holds NUL"
            )
        case .headerName:
            Problem(
                .invalidRequest,
                "a header's name is not one; allowed are letters, digits and !#$%&'*+-.^_`|~, and no blank before the colon"
            )
        case .headerValue: Problem(.invalidRequest, "a header's value holds CR")
        case .hostMissing:
            Problem(.invalidRequest, "Host is missing, which HTTP/1.1 requires", field: "Host")
        case .hostInvalid:
            Problem(
                .invalidRequest,
                "Host is not a host; allowed is a name or an IP address, IPv6 in brackets, with an optional port, the same as in a target that is a URL",
                field: "Host")
        case .headerRepeated:
            Problem(
                .invalidRequest,
                "a header is given twice that may be there once: Host, Origin, Content-Type, Content-Length, Transfer-Encoding, Expect, Idempotency-Key or Authorization"
            )
        case .contentLength:
            Problem(
                .invalidRequest,
                "Content-Length is not a number of bytes in digits, or is given beside a Transfer-Encoding",
                field: "Content-Length")
        case .transferEncoding:
            Problem(
                .invalidRequest, "HTTP/1.0 has no Transfer-Encoding; give the Content-Length",
                field: "Transfer-Encoding")
        case .transferEncodingUnknown:
            Problem(
                .notImplemented, "of the transfer codings only chunked is known here",
                field: "Transfer-Encoding")
        case .timeout: Problem(.requestTimeout, "the request took longer than http.request_timeout allows")
        case .bodyTooLarge: Problem(.bodyTooLarge, "the body is larger than http.max_body_bytes allows")
        case .targetTooLong:
            Problem(.targetTooLong, "the request target is longer than http.max_header_bytes allows")
        case .headersTooLarge:
            Problem(
                .headersTooLarge, "request line and headers are larger than http.max_header_bytes allows")
        case .internalError: Problem(.internalError, "the request could not be answered")
        case .tooManyConnections:
            Problem(
                .tooManyConnections,
                "as many connections are open as http.max_connections or http.max_connections_per_ip allows")
        case .shuttingDown: Problem(.shuttingDown, "the service is shutting down")
        case .version: Problem(.versionNotSupported, "HTTP/1.0 and HTTP/1.1 are spoken here")
        }
    }
}
