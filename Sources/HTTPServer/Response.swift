/// An answer to one request. To be subclassed by what has to be taken back when it does not arrive.
///
/// One object, since every frame of a request that is parked has room for it.
///
/// `@unchecked Sendable`: nothing in it changes.
open class Response: @unchecked Sendable {
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

    /// What is done so that an answer goes to somebody.
    package enum Delivery: Sendable {
        /// Nothing.
        case plain
        /// When it could not be written, ``Response/takeBack()`` is called.
        case takenBack
        /// And the caller is asked after before it is written.
        case asked
    }

    package let status: UInt16
    package let contentType: ContentType
    package let body: [UInt8]
    /// The `Allow` header's value, for 405 and OPTIONS.
    package let allow: StaticString?
    /// The `Retry-After` header's value.
    package let retryAfterSeconds: Int32?
    package let delivery: Delivery

    package init(
        status: UInt16, contentType: ContentType = .json, body: [UInt8], allow: StaticString? = nil,
        retryAfterSeconds: Int32? = nil, delivery: Delivery = .plain
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.allow = allow
        self.retryAfterSeconds = retryAfterSeconds
        self.delivery = delivery
    }

    /// Takes back what the answer says. Called at most once, on the loop's thread.
    open func takeBack() {}
}
