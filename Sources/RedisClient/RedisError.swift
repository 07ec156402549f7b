/// Why Redis did not do what it was asked, or why there is no connection to it.
package struct RedisError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// There is no connection, or no room: nothing of the command was sent.
        case unavailable
        /// The command was sent, at least in part, and its reply will not come: the connection was lost, or the
        /// reply did not come in time. Redis may or may not have carried it out.
        case outcomeUnknown
        /// Redis replied with an error; ``RedisError/word`` says which.
        case refused
    }

    package let code: Code
    /// The first word of an error reply, as in `NOSCRIPT`, `OOM`, `READONLY`, `WRONGTYPE` or `ERR`; empty
    /// for the other codes.
    package let word: String
    /// For the log.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.word = ""
        self.detail = detail
    }

    /// An error reply.
    package init(reply message: String) {
        code = .refused
        word = String(message.prefix { $0 != " " })
        detail = message
    }

    /// Whether it takes somebody's doing to change what the server says: it does not know us, or gives us no right.
    var isRefusal: Bool { code == .refused && ["NOAUTH", "WRONGPASS", "NOPERM"].contains(word) }

    package var description: String { detail }
}
