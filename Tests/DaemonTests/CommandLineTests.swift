import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("Command line and configuration")
    struct CommandLine {
        @Test(
            "Wrong usage ends with 64 and a message that says what",
            arguments: [
                (["--lisen", "127.0.0.1:0"], "--lisen"), (["--set", "log.level"], "is not KEY=VALUE"),
                (["serve"], "'serve'"), (["--listen"], "--listen"),
            ])
        func usage(_ arguments: [String], _ message: String) async throws {
            let result = try await ticketlockd(arguments)
            #expect(result.status == 64)
            #expect(result.errors.contains(message), "\(result.errors)")
        }

        @Test(
            "A bad configuration ends with 78 and every error at once, with its source",
            arguments: [true, false])
        func badConfiguration(isChecked: Bool) async throws {
            try await withTemporaryFolder { folder in
                let file = folder.appending(path: "bad.yaml").path
                try Data("locks:\n    max_locks: 0\nhttp:\n    max_boddy_bytes: 1\n".utf8).write(
                    to: URL(filePath: file))
                let arguments =
                    ["--config", file, "--set", "log.format=xml"] + (isChecked ? ["--check-config"] : [])
                let result = try await ticketlockd(arguments, ["TICKETLOCKD_LOG_LEVEL": "loud"])
                #expect(result.status == 78)
                let lines = result.errors.split(separator: "\n").map(String.init)
                let expected = [
                    ("locks.max_locks: \"0\" is not a whole number", "\(file):2]"),
                    (
                        "http.max_boddy_bytes: is not a known key; did you mean http.max_body_bytes?",
                        "\(file):4]"
                    ),
                    ("log.level: \"loud\" is not one of", "[environment TICKETLOCKD_LOG_LEVEL]"),
                    ("log.format: \"xml\" is not one of", "[--set]"),
                ]
                #expect(lines.count == expected.count, "\(result.errors)")
                for (line, (start, end)) in zip(lines, expected) {
                    #expect(line.hasPrefix(start) && line.hasSuffix(end), "\(line)")
                }
            }
        }

        @Test(
            "What Kubernetes sets for a service of that name does not stop the daemon, and debug lines name it"
        )
        func kubernetes() async throws {
            let environment = [
                "TICKETLOCKD_PORT": "tcp://10.96.0.17:5625", "TICKETLOCKD_SERVICE_HOST": "10.96.0.17",
            ]
            let arguments = ["--listen", "127.0.0.1:0", "--log-level", "debug"]
            try await RunningDaemon.with(arguments, environment: environment) { daemon in
                let line = try await daemon.line(with: "Kubernetes")
                #expect(line.contains(" debug "))
                #expect(line.hasSuffix(#"names="TICKETLOCKD_PORT TICKETLOCKD_SERVICE_HOST""#))
            }
        }

        @Test("A file that cannot be read ends with 78 and is named")
        func missingFile() async throws {
            let result = try await ticketlockd(["--config", "/nowhere/ticketlockd.yaml", "--check-config"])
            #expect(result.status == 78)
            #expect(result.errors.contains("/nowhere/ticketlockd.yaml"))
        }

        @Test("--check-config says that the shipped file is good, and starts nothing")
        func checkConfig() async throws {
            let file = BuiltProducts.packageRoot.appending(path: "config/ticketlockd.yaml").path
            let result = try await ticketlockd(["--config", file, "--check-config"])
            #expect(result.status == 0)
            #expect(result.output == "the configuration is good\n")
            #expect(result.errors == "")
        }

        @Test("What --print-config prints reads back to itself, and a daemon starts with it")
        func printConfig() async throws {
            try await withTemporaryFolder { folder in
                let file = folder.appending(path: "printed.yaml")
                let first = try await ticketlockd(
                    ["--listen", "127.0.0.1:0", "--set", "locks.max_locks=5", "--print-config"],
                    ["TICKETLOCKD_LOCKS_MAX_WAIT": "77.5"])
                #expect(first.status == 0)
                try Data(first.output.utf8).write(to: file)
                let second = try await ticketlockd(["--config", file.path, "--print-config"])
                #expect(second.status == 0)
                #expect(values(first.output) == values(second.output))
                #expect(values(first.output).contains("    max_locks: 5"))
                try await RunningDaemon.with(["--config", file.path]) { daemon in
                    let log = try daemon.log
                    #expect(log.contains("max_locks=5 ") && log.contains("max_wait=\"77.5"))
                }
            }
        }

        @Test("The command line goes over the environment, and that over the file")
        func precedence() async throws {
            try await withTemporaryFolder { folder in
                let file = folder.appending(path: "a.yaml").path
                try Data("locks:\n    max_locks: 1\n    max_wait: 41\n    default_lifetime: 11\n".utf8)
                    .write(to: URL(filePath: file))
                let result = try await ticketlockd(
                    ["--config", file, "--set", "locks.max_locks=3", "--print-config"],
                    ["TICKETLOCKD_LOCKS_MAX_LOCKS": "2", "TICKETLOCKD_LOCKS_MAX_WAIT": "42"])
                let found = values(result.output)
                #expect(found.contains("    max_locks: 3"))
                #expect(found.contains("    max_wait: 42"))
                #expect(found.contains("    default_lifetime: 11"))
            }
        }

        @Test(
            "A lifetime from the environment, Rasa's name as well, is a ticket's",
            arguments: [
                ["TICKETLOCKD_LOCKS_DEFAULT_LIFETIME": "20"], ["TICKET_LOCK_LIFETIME": "20"],
                ["TICKETLOCKD_LOCKS_DEFAULT_LIFETIME": "20", "TICKET_LOCK_LIFETIME": "90"],
            ])
        func environment(_ environment: [String: String]) async throws {
            try await RunningDaemon.with(environment: environment) { daemon in
                let left: Double = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"a"}"#)
                    .member("expires_in")
                #expect(left > 10 && left <= 20)
            }
        }

        @Test("--version is the version of /version and nothing else")
        func version() async throws {
            let result = try await ticketlockd(["--version"])
            #expect(result.status == 0)
            try await RunningDaemon.with { daemon in
                let version: String = try await daemon.get("/version").member("version")
                #expect(result.output == version + "\n")
            }
        }

        @Test("--help names every flag and exit status")
        func help() async throws {
            let result = try await ticketlockd(["--help"])
            #expect(result.status == 0)
            let words = [
                "--config", "--listen", "--log-level", "--set", "--check-config", "--print-config",
                "--version",
            ]
            for word in words + ["64", "69", "78", "SIGHUP"] { #expect(result.output.contains(word)) }
        }
    }
}

private func ticketlockd(
    _ arguments: [String], _ environment: [String: String] = [:]
) async throws -> Command.Result {
    try await Command.run(BuiltProducts.url("ticketlockd").path, arguments, environment: environment)
}

/// The lines with values, without the comments.
private func values(_ yaml: String) -> [String] {
    yaml.split(separator: "\n").compactMap { line in
        let value = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).first.map(
            String.init)
        guard let value, value.contains(where: { !$0.isWhitespace }) else { return nil }
        return value.replacing(/\s+$/, with: "")
    }
}
