import Glibc
import Simulator

/// Runs the simulator over one seed after the other until one fails or the time is over.
///
///     simulate [--seconds N] [--seed N] [--steps N,N,...] [--count N]
@main
struct Main {
    static func main() throws {
        // The order in which sets and dictionaries are gone through must be the same in every run.
        if getenv("SWIFT_DETERMINISTIC_HASHING") == nil {
            setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
            execv("/proc/self/exe", CommandLine.unsafeArgv)
        }
        var settings = Settings()
        try settings.read(CommandLine.arguments.dropFirst())
        exit(try settings.run() ? 0 : 1)
    }
}
