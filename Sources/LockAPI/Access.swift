import HTTPServer
package import TicketLock

/// One answered request, for the access log.
package struct Access: Sendable {
    package let method: String
    package let target: String
    package let status: UInt16
    package let duration: Duration
    /// What the request was about; nil when it could not be read, or is about none.
    package let conversationID: ConversationID?
    /// The ticket that was taken, that the request named, or that it waited for.
    package let ticket: TicketNumber?
    /// The code word of a problem; `gave_up` if the caller has hung up; else `ok`.
    package let outcome: String
}

/// What the access log says of a request, for when the request itself is gone.
final class AccessedRequest {
    let method: String
    let target: String
    var named: Named?

    init(_ request: Request) {
        method = request.method
        target = String(decoding: request.target, as: UTF8.self)
    }
}

/// The conversation and the ticket that a request names.
struct Named {
    let conversationID: ConversationID
    let ticket: TicketNumber?
}

extension Response {
    /// The first value of a member of this answer, as our own writer puts it; only for the log at debug.
    func loggedValue(_ name: String) -> Substring? {
        guard contentType == .json || contentType == .problem else { return nil }
        let text = String(decoding: body, as: UTF8.self)
        guard let start = text.firstRange(of: "\"\(name)\":") else { return nil }
        return text[start.upperBound...].prefix { $0 != "," && $0 != "}" }
    }
}
