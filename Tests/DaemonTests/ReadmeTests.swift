import Foundation
import Support
import Testing

extension DaemonSuite {
    /// Runs the sessions of README.md; ``ConsoleSession`` has the conventions.
    @Suite("README")
    struct Readme {
        @Test("What README.md shows is what its commands print, run in order at a fresh daemon")
        func session() async throws {
            let file = BuiltProducts.packageRoot.appending(path: "README.md")
            let session = try ConsoleSession(markdown: try String(contentsOf: file, encoding: .utf8))
            // Else the fences have lost their language, and nothing would be tested.
            #expect(session.blocks.joined().count >= 5)
            try await RunningDaemon.with { daemon in
                for failure in try await failures(of: session.blocks.filter { !$0.needsTwo }, at: [daemon]) {
                    Issue.record("README.md:\(failure)")
                }
            }
        }

        @Test("What README.md shows of two daemons on one Redis is what its commands print")
        func twoDaemons() async throws {
            let file = BuiltProducts.packageRoot.appending(path: "README.md")
            let session = try ConsoleSession(markdown: try String(contentsOf: file, encoding: .utf8))
            let blocks = session.blocks.filter(\.needsTwo)
            #expect(blocks.joined().count >= 4)
            try await RunningRedis.with { redis in
                let arguments = [
                    "--listen", "127.0.0.1:0", "--set", "store.type=redis", "--set", "redis.host=localhost",
                    "--set", "redis.port=\(redis.port)",
                ]
                try await RunningDaemon.with(arguments) { one in
                    try await RunningDaemon.with(arguments) { two in
                        for daemon in [one, two] { _ = try await daemon.line(with: "Redis is ready") }
                        for failure in try await failures(of: blocks, at: [one, two]) {
                            Issue.record("README.md:\(failure)")
                        }
                    }
                }
            }
        }

        @Test(
            "README.md's sample for services loses no message and no order, whatever is restarted or killed",
            .enabled(if: hasPythonEnvironment, pythonIsMissing))
        func service() async throws { try await playSample("readme_service.py") }

        @Test(
            "In README.md's sample a caller that gives up, or a late answer, costs nobody else anything",
            .enabled(if: hasPythonEnvironment, pythonIsMissing))
        func serviceEdges() async throws { try await playSample("readme_edges.py") }

        /// Runs a scene with the sample as it is printed.
        private func playSample(_ scene: String) async throws {
            let file = BuiltProducts.packageRoot.appending(path: "README.md")
            let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n```python\n")
            // Else it is not clear which of them is the one to run.
            try #require(parts.count == 2)
            let code = try #require(parts[1].components(separatedBy: "\n```\n").first)
            try await withTemporaryFolder { folder in
                let sample = folder.appending(path: "readme.py")
                try Data((code + "\n").utf8).write(to: sample)
                let script = BuiltProducts.packageRoot.appending(path: "Tests/Interop").appending(path: scene)
                let result = try await Command.run(
                    pythonEnvironment,
                    [script.path, BuiltProducts.url("ticketlockd").path, sample.path, folder.path],
                    timeout: .seconds(120))
                #expect(result.status == 0, "\(result.output)\n\(result.errors)")
                print("README.md's sample: \(result.output)")
            }
        }

        @Test("A session that is right has no failures: background, continued lines, anything by dots")
        func right() async throws {
            let session = try ConsoleSession(markdown: sample)
            #expect(session.blocks.map(\.count) == [3, 2])
            #expect(session.blocks.joined().map(\.line) == [6, 8, 11, 21, 23])
            #expect(session.blocks.joined().map(\.isInBackground) == [false, true, false, false, false])
            try await RunningDaemon.with { daemon in
                let found = try await failures(of: session.blocks, at: [daemon])
                #expect(found == [])
            }
        }

        @Test(
            "A session that is wrong in one place fails there",
            arguments: [
                (#""ticket":1,"token""#, #""ticket":2,"token""#, 8), (#""token":5"#, #""token":0"#, 6),
                (#""waiting":1"#, #""waiting":01"#, 11),
                ("z\n{\"status\":\"ok\"}", "z\n{\"status\":\"...\"", 21),
                ("HTTP/1.1 200 OK", "HTTP/1.1 200", 23), ("/healthz\n{", "/version\n{", 21),
                ("Content-Length: 15\n", "Content-Length: 16\n", 23),
            ])
        func wrong(_ right: String, _ wrong: String, _ line: Int) async throws {
            try #require(sample.contains(right))
            let session = try ConsoleSession(markdown: sample.replacing(right, with: wrong))
            try await RunningDaemon.with { daemon in
                let found = try await failures(of: session.blocks, at: [daemon])
                #expect(found.count == 1 && found.first?.hasPrefix("\(line): ") == true, "\(found)")
            }
        }

        @Test(
            "A text with output before a command, another command, or no end is refused",
            arguments: [
                "```console\nhello\n```", "```console\n$ curl a\n$ wget a\n```", "```console\n$ curl a\n",
            ])
        func malformed(_ text: String) {
            #expect(throws: ConsoleSession.Malformed.self) { try ConsoleSession(markdown: text) }
        }
    }
}

private let sample = #"""
    # A sample

    Words, and `$ curl` among them.

    ```console
    $ curl --json '{"conversation_id":"ada"}' localhost:5625/v1/issue-ticket
    {"conversation_id":"ada","ticket":0,"token":5,"expires":1.000000,"expires_in":1.000000,"now_serving":0,"is_locked":false,"position":0}
    $ curl --json '{"conversation_id":"ada","lifetime":20}' \
        localhost:5625/v1/acquire &
    {"conversation_id":"ada","ticket":1,"token":6,"expires":1.000000,"expires_in":1.000000,"now_serving":1,"is_locked":false,"position":0}
    $ curl 'localhost:5625/v1/is-waiting?conversation_id=ada' --next --json '{"conversation_id":"ada","ticket":0}' localhost:5625/v1/cleanup
    {"conversation_id":"ada","is_someone_waiting":true,"waiting":1,"now_serving":0}{"conversation_id":"ada","removed":true,...}
    ```

    ```console
    $ make run
    never run
    ```

    ```console
    $ curl localhost:5625/healthz
    {"status":"ok"}
    $ curl --include localhost:5625/healthz
    HTTP/1.1 200 OK
    Date: Sat, 21 Nov 2026 13:34:03 GMT
    ...
    Content-Length: 15

    {"status":"ok"}
    ```
    """#

extension [ConsoleSession.Command] {
    /// The block calls a second daemon.
    fileprivate var needsTwo: Bool { contains { $0.text.contains("localhost:5626") } }
}

/// What is wrong with a session, each with its line: its commands run at the daemons instead of ports 5625 and 5626.
private func failures(
    of blocks: [[ConsoleSession.Command]], at daemons: [RunningDaemon]
) async throws -> [String] {
    let ports = try daemons.map { try $0.port }
    var failures: [String] = []
    func compare(_ result: Command.Result, _ command: ConsoleSession.Command) {
        guard result.status != 0 || !ConsoleSession.matches(result.output, shown: command.output) else {
            return
        }
        let exit = result.status == 0 ? "" : "exit \(String(describing: result.exit)) \(result.errors)"
        failures.append(
            "\(command.line): \(command.text)\nshown: \(command.output)\nis: \(result.output)\(exit)")
    }
    func waiters() async throws -> Int {
        var count = 0
        for daemon in daemons { count += try await daemon.waiters() }
        return count
    }
    for block in blocks {
        var inBackground: [(ConsoleSession.Command, Task<Command.Result, any Error>)] = []
        for command in block {
            var text = command.text
            for (place, port) in ports.enumerated() {
                text = text.replacing("localhost:\(5625 + place)", with: "127.0.0.1:\(port)")
            }
            let before = try await waiters()
            let task = Task {
                try await Command.run("bash", ["-c", text], environment: ["HOME": "/nowhere"])
            }
            if command.isInBackground {
                inBackground.append((command, task))
                try await eventually("it waits") { try await waiters() == before + 1 }
            } else {
                compare(try await task.value, command)
            }
        }
        for (command, task) in inBackground { compare(try await task.value, command) }
    }
    return failures
}
