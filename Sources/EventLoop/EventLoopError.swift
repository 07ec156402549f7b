import CUV

/// A system call behind the event loop failed.
package struct EventLoopError: Error, CustomStringConvertible {
    /// The call, as in `uv_poll_init`.
    package let call: String
    /// The system's words for why.
    package let reason: String

    package var description: String { "\(call): \(reason)" }

    /// Throws for a negative libuv result.
    static func check(_ result: Int32, _ call: String) throws(EventLoopError) {
        guard result < 0 else { return }
        throw EventLoopError(call: call, reason: String(cString: uv_strerror(result)))
    }
}
