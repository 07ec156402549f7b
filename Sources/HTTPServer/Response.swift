/// An answer to one request.
package struct Response: Sendable {
    package enum ContentType: Sendable {
        case json, problem, text, prometheus

        var value: StaticString {
            switch self {
            case .json: "application/json"
            case .problem: "application/problem+json"
            case .text: "text/plain; charset=utf-8"
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            }
        }
    }

    package let status: UInt16
    package let contentType: ContentType
    package let body: [UInt8]
    /// The `Allow` header's value, for 405 and OPTIONS.
    package let allow: StaticString?
    /// The `Retry-After` header's value.
    package let retryAfterSeconds: Int32?

    package init(
        status: UInt16, contentType: ContentType = .json, body: [UInt8], allow: StaticString? = nil,
        retryAfterSeconds: Int32? = nil
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.allow = allow
        self.retryAfterSeconds = retryAfterSeconds
    }
}
