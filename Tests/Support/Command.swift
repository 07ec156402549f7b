import Foundation

/// Runs programs to their end.
package enum Command {
    /// What came of it.
    package struct Result: Sendable {
        /// nil if it had to be ended because the time was up.
        package let exit: ChildProcess.Exit?
        package let output: String
        package let errors: String

        /// The exit status; nil if a signal or the timeout ended it.
        package var status: Int32? {
            guard case .status(let status) = exit else { return nil }
            return status
        }
    }

    /// Runs `executable`, looked up on the PATH unless it is an absolute path. Its outputs go to files, so that
    /// none can fill a pipe and block it. When the time is up, or the test is cancelled, it and its children are
    /// ended.
    ///
    /// - Parameters:
    ///   - environment: added to the test's own.
    ///   - input: what it reads at its standard input.
    package static func run(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        input: String = "",
        timeout: Duration = .seconds(30)
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            let inputFile = folder.appending(path: "input")
            let output = folder.appending(path: "output")
            let errors = folder.appending(path: "errors")
            try Data(input.utf8).write(to: inputFile)
            let process = try ChildProcess(
                path(of: executable), arguments, environment: inherited(adding: environment),
                input: inputFile.path, output: output.path, errors: errors.path, leadsGroup: true)
            defer { process.kill(group: true) }
            let exit = try await process.exit(within: timeout)
            process.kill(group: true)
            return Result(exit: exit, output: try text(output), errors: try text(errors))
        }
    }

    /// The test's environment without what would configure the daemon, and with `more`.
    package static func inherited(adding more: [String: String]) -> [String: String] {
        ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("TICKET") && !["JOURNAL_STREAM", "NOTIFY_SOCKET"].contains($0.key) }
            .merging(more) { $1 }
    }

    /// Where a program is.
    package static func path(of executable: String) throws -> String {
        if executable.hasPrefix("/") { return executable }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        let paths = folders.map { "\($0)/\(executable)" }
        guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw ChildProcess.StartError(description: "\(executable) is not on the PATH")
        }
        return path
    }

    private static func text(_ file: URL) throws -> String {
        String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }
}
