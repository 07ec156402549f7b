/// The server could not be started.
package struct HTTPServerError: Error, CustomStringConvertible {
    package enum Code: Sendable {
        /// The address is in use, not ours, or not this machine's.
        case address
        /// The system refused what every server needs.
        case system
    }

    package let code: Code
    package let detail: String

    package var description: String { detail }

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
