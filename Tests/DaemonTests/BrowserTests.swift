import Foundation
import Support
import Testing

private let browser = "/usr/bin/chromium"

extension DaemonSuite {
    /// A page elsewhere, in a real browser; Tests/Interop/browser_page.py says how.
    @Suite(
        "A page elsewhere",
        .enabled(if: FileManager.default.isExecutableFile(atPath: browser), "needs chromium"))
    struct Browser {
        private func results(_ daemon: RunningDaemon) async throws -> JSONValue {
            let script = BuiltProducts.packageRoot.appending(path: "Tests/Interop/browser_page.py").path
            let result = try await Command.run(
                "/usr/bin/python3", [script, browser, "\(try daemon.port)"], timeout: .seconds(150))
            try #require(result.status == 0, "\(result.errors)")
            return try JSONValue(parsing: result.output)
        }

        @Test(
            "Neither by a name that points here by now nor by the address can it take, break or list a lock")
        func cannotDrive() async throws {
            try await RunningDaemon.with { daemon in
                _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"ada"}"#)
                let results = try await results(daemon)
                let attempts = try #require(results.keys)
                #expect(attempts.count == 12)
                for attempt in attempts {
                    if attempt.hasPrefix("rebound") {
                        #expect(results[attempt]?.integer == 421, "\(attempt)")
                    } else {
                        #expect(["blocked", "opaque"].contains(results[attempt]?.string), "\(attempt)")
                    }
                }
                let lock = try await daemon.get("/v1/lock?conversation_id=ada").text
                #expect(lock.contains(#""last_issued":0"#) && lock.contains(#""number":0"#))
            }
        }

        @Test("With its name in http.allowed_hosts it can: the attempts are real ones")
        func allowed() async throws {
            let arguments = ["--listen", "127.0.0.1:0", "--set", "http.allowed_hosts=evil.example"]
            try await RunningDaemon.with(arguments) { daemon in
                let results = try await results(daemon)
                #expect(results["rebound take same-origin"]?.integer == 201)
                #expect(results["rebound list same-origin"]?.integer == 200)
                #expect(results["rebound break same-origin"]?.integer == 200)
                #expect(results["rebound form same-origin"]?.integer == 415)
            }
        }
    }
}
