import CHTTP

/// Why bytes never became a request, or a connection was refused.
package enum HTTPRefusal: CaseIterable, Sendable {
    /// Not HTTP/1.1: a request line without its parts, a header without a colon, a chunk without its size.
    case malformed
    /// Neither a path, nor an http: URL, nor `*`; or with a blank or a control character in it (RFC 9112, 3.2).
    case target
    /// A line that does not end with CR LF, goes on in the next one, or holds NUL (RFC 9112, 2.2 and 5.2).
    case lineEnd
    /// A header's name that is no token, as with a blank before the colon (RFC 9112, 5.1).
    case headerName
    /// CR in a header's value.
    case headerValue
    case hostMissing
    /// No name or address with or without a port, or another than the target's (RFC 9112, 3.2).
    case hostInvalid
    /// A header that may be there once, twice.
    case headerRepeated
    /// No number, or beside a Transfer-Encoding (RFC 9112, 6.3).
    case contentLength
    /// A Transfer-Encoding in HTTP/1.0.
    case transferEncoding
    /// Another coding than chunked.
    case transferEncodingUnknown
    case timeout
    case bodyTooLarge
    case targetTooLong
    case headersTooLarge
    case internalError
    case tooManyConnections
    case shuttingDown
    case version

    /// In the order of the cases.
    private static let codes = [
        CHTTP_REFUSAL_MALFORMED, CHTTP_REFUSAL_TARGET, CHTTP_REFUSAL_LINE_END, CHTTP_REFUSAL_HEADER_NAME,
        CHTTP_REFUSAL_HEADER_VALUE, CHTTP_REFUSAL_HOST_MISSING, CHTTP_REFUSAL_HOST_INVALID,
        CHTTP_REFUSAL_HEADER_REPEATED, CHTTP_REFUSAL_CONTENT_LENGTH, CHTTP_REFUSAL_TRANSFER_ENCODING,
        CHTTP_REFUSAL_TRANSFER_ENCODING_UNKNOWN, CHTTP_REFUSAL_TIMEOUT, CHTTP_REFUSAL_BODY_TOO_LARGE,
        CHTTP_REFUSAL_TARGET_TOO_LONG, CHTTP_REFUSAL_HEADERS_TOO_LARGE, CHTTP_REFUSAL_INTERNAL,
        CHTTP_REFUSAL_CONNECTIONS, CHTTP_REFUSAL_SHUTTING_DOWN, CHTTP_REFUSAL_VERSION,
    ]

    init(_ code: chttp_refusal) {
        let index = Self.codes.firstIndex { $0 == code }
        self = index.map { Self.allCases[$0] } ?? .malformed
    }

    /// The status that it is answered with.
    package var status: UInt16 {
        let index = Self.allCases.firstIndex(of: self) ?? 0
        return chttp_refusal_status(Self.codes[index])
    }
}
