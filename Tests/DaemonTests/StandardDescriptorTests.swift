import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("Standard descriptors")
    struct StandardDescriptors {
        /// Every combination of standard input, output and error that is missing.
        static let closings = [
            "<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-",
        ]

        @Test("A daemon started without some of them writes no line into its state", arguments: closings)
        func closed(_ closing: String) async throws {
            try await withTemporaryFolder { folder in
                let (path, state) = (folder.path + "/sock", folder.path + "/state")
                let log = folder.path + "/log"
                let launcher = ["-c", "exec \"$@\" \(closing)", "sh", BuiltProducts.url("ticketlockd").path]
                let arguments =
                    ["--listen", "unix:\(path)", "--log-level", "debug"]
                    + ["--set", "store.state_directory=\(state)"]
                // Twice: the second one reads what the first has left.
                for turn in 0..<2 {
                    let process = try ChildProcess(
                        "/bin/sh", launcher + arguments, environment: Command.inherited(adding: [:]),
                        output: log, errors: log)
                    defer { process.kill() }
                    var connection: Connection?
                    _ = try await eventually(within: .seconds(30)) {
                        connection = try? Connection(path: path)
                        return connection != nil || process.exit != nil
                    }
                    let open = try #require(connection, "it does not serve: \(closing)")
                    #expect(try await open.request("GET", "/readyz").status == 200)
                    for descriptor in 0...2 {
                        let link = "/proc/\(process.processID)/fd/\(descriptor)"
                        let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
                        #expect(["/dev/null", log].contains(target))
                    }
                    for _ in 0..<10 {
                        let reply = try await open.request(
                            "POST", "/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                        #expect(reply.status == 201)
                    }
                    let lock = try await open.request("GET", "/v1/lock?conversation_id=a")
                    #expect(try lock.member("last_issued") == 10 * turn + 9)
                    process.signal(SIGTERM)
                    #expect(try await process.exit(within: .seconds(20)) == .status(0))
                }
            }
        }
    }
}
