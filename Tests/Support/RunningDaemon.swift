import Foundation
import Testing

/// The built daemon, running. Made by ``with(_:environment:launcher:_:)``, which ends it in every case.
package final class RunningDaemon: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let process: ChildProcess
    /// The addresses of its line "serving", in their order: `127.0.0.1:38205`, `unix:/path`.
    package let addresses: [String]
    private let logFile: URL

    /// Starts the daemon, waits until it serves, runs `body`, and ends the daemon whatever happens there.
    ///
    /// - Parameters:
    ///   - arguments: instead of a free port at 127.0.0.1.
    ///   - environment: added to the test's own.
    ///   - launcher: a command that must become the daemon: its path and arguments are appended.
    ///   - body: gets the daemon while it serves; it may end it.
    package static func with<Value>(
        _ arguments: [String] = ["--listen", "127.0.0.1:0"], environment: [String: String] = [:],
        launcher: [String] = [], _ body: (RunningDaemon) async throws -> Value
    ) async throws -> Value {
        try await withTemporaryFolder { folder in
            let log = folder.appending(path: "log").path
            let command = launcher + [BuiltProducts.url("ticketlockd").path] + arguments
            let process = try ChildProcess(
                try Command.path(of: command[0]), Array(command.dropFirst()),
                environment: Command.inherited(adding: environment), output: log, errors: log)
            defer { process.kill() }
            return try await body(RunningDaemon(process, logFile: URL(filePath: log)))
        }
    }

    private init(_ process: ChildProcess, logFile: URL) async throws {
        let text = { String(decoding: try Data(contentsOf: logFile), as: UTF8.self) }
        let marker = /serving listen=(?:"([^"]*)"|(\S+))|"message":"serving".*"listen":"([^"]*)"/
        var found: Substring?
        _ = try await eventually(within: .seconds(30)) {
            if let match = try text().firstMatch(of: marker)?.output { found = match.1 ?? match.2 ?? match.3 }
            return found != nil || process.exit != nil
        }
        guard let found else { throw Failure(description: "the daemon does not serve: \(try text())") }
        addresses = found.split(separator: ", ").map(String.init)
        self.process = process
        self.logFile = logFile
    }

    /// The port of its first IP address.
    package var port: UInt16 {
        get throws {
            let ports = addresses.filter { !$0.hasPrefix("unix:") }.compactMap {
                $0.split(separator: ":").last
            }
            return try #require(ports.first.flatMap { UInt16($0) })
        }
    }

    /// `http://127.0.0.1:PORT`
    package var url: String {
        get throws { "http://127.0.0.1:\(try port)" }
    }

    /// All of its standard error and output.
    package var log: String {
        get throws { String(decoding: try Data(contentsOf: logFile), as: UTF8.self) }
    }

    /// Its log's lines.
    package var lines: [String] {
        get throws { try log.split(separator: "\n").map(String.init) }
    }

    /// The first line that has `text` in it, waited for.
    package func line(with text: String, within bound: Duration = .seconds(10)) async throws -> String {
        var line: String?
        _ = try await eventually(within: bound) {
            line = try lines.first { $0.contains(text) }
            return line != nil
        }
        let log = try log
        return try #require(line, "no line has \(text) in it: \(log)")
    }

    /// Sends SIGTERM and waits for the end; nil if there is none within `bound`.
    package func stop(within bound: Duration = .seconds(20)) async throws -> ChildProcess.Exit? {
        process.signal(SIGTERM)
        return try await process.exit(within: bound)
    }

    /// A number of its /proc/PID/status: `Threads`, `VmRSS` in kB.
    package func status(_ field: String) throws -> Int {
        try #require(Int(try statusText(field)))
    }

    /// A word of its /proc/PID/status: `State`.
    package func statusText(_ field: String) throws -> String {
        let text = try String(contentsOfFile: "/proc/\(process.processID)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return String(try #require(line?.split(whereSeparator: \.isWhitespace).dropFirst().first))
    }
}
