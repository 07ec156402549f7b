import Foundation
import Glibc

/// A process the tests have started. It gets no descriptors but its standard three, and every signal has its
/// default effect there, whatever the test process does.
///
/// `@unchecked Sendable`: the last exit status is guarded by `lock`.
package final class ChildProcess: @unchecked Sendable {
    /// How a process ended.
    package enum Exit: Equatable, Sendable {
        case status(Int32)
        case signal(Int32)
    }

    package struct StartError: Error, CustomStringConvertible {
        package let description: String
    }

    package let processID: Int32
    private let lock = NSLock()
    private var ended: Exit?

    /// Starts `executable`, an absolute path.
    ///
    /// - Parameters:
    ///   - environment: all of its environment.
    ///   - input: a file for standard input.
    ///   - output: a file for standard output, appended to; created if it is not there.
    ///   - errors: likewise for standard error.
    ///   - leadsGroup: whether it leads a process group of its own, so that ``kill(group:)`` reaches its children.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String],
        input: String = "/dev/null",
        output: String, errors: String, leadsGroup: Bool = false
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        for descriptor in 3...(try Self.descriptorMax()) {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        if leadsGroup { flags |= POSIX_SPAWN_SETPGROUP }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var process: pid_t = 0
        let code = Self.withCStrings([executable] + arguments) { arguments in
            Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
                posix_spawn(&process, executable, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            throw StartError(description: "cannot start \(executable): \(String(cString: strerror(code)))")
        }
        processID = process
    }

    /// How it ended; nil while it runs.
    package var exit: Exit? {
        lock.withLock {
            if ended != nil { return ended }
            var status: Int32 = 0
            guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
            ended = status & 0x7f == 0 ? .status(status >> 8 & 0xff) : .signal(status & 0x7f)
            return ended
        }
    }

    /// Waits for its end; nil if it still runs after `bound`.
    package func exit(within bound: Duration) async throws -> Exit? {
        _ = try await eventually(within: bound) { exit != nil }
        return exit
    }

    /// Sends a signal, unless it has ended.
    package func signal(_ number: Int32) {
        guard exit == nil else { return }
        Glibc.kill(processID, number)
    }

    /// Ends it at once, with all of its process group if it leads one, and waits for that.
    package func kill(group: Bool = false) {
        guard exit == nil else { return }
        Glibc.kill(group ? -processID : processID, SIGKILL)
        while exit == nil { usleep(500) }
    }

    /// Above every open descriptor, and some that other threads may open meanwhile.
    private static func descriptorMax() throws -> Int32 {
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        return (open.compactMap { Int32($0) }.max() ?? 2) + 64
    }

    private static func withCStrings<Value>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
    ) -> Value {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
