#if canImport(Glibc)
    import Glibc
#endif

/// What whoever runs the tests has set in the environment.
package enum TestEnvironment {
    /// The seed of every random test, to repeat a failure.
    package static let seedName = "TICKETLOCKD_TEST_SEED"
    /// How many operations deep the exhaustive test goes.
    package static let depthName = "TICKETLOCKD_TEST_DEPTH"
    /// How many seconds the test of several daemons on one Redis goes on.
    package static let chaosName = "TICKETLOCKD_TEST_CHAOS_SECONDS"

    /// How often the daemon with state on disk is killed.
    package static let killsName = "TICKETLOCKD_TEST_KILLS"

    /// The number that `name` is set to; nil when it is not, or not to a number.
    package static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}
