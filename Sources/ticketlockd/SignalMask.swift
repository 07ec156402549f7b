import Glibc

/// The signals that the daemon handles are blocked in all its threads but the loop's, and there until they are handled
/// and from the end on: one more, in the moment in which the process goes, would change its exit status.
enum SignalMask {
    /// Blocks them in the calling thread and in those that it starts from now on.
    static func block() { change(SIG_BLOCK) }

    /// Lets them come to the calling thread.
    static func unblock() { change(SIG_UNBLOCK) }

    private static func change(_ how: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
        pthread_sigmask(how, &signals, nil)
    }
}
