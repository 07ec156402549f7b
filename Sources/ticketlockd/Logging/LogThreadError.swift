/// The thread that writes log lines could not be started.
struct LogThreadError: Error, CustomStringConvertible {
    /// errno's number, EAGAIN if there are too many threads.
    let code: Int32

    var description: String { "the thread that writes log lines could not be started: error \(code)" }
}
