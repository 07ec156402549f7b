import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("OpenAPI", .enabled(if: hasPythonEnvironment, pythonIsMissing))
    struct OpenAPI {
        @Test("The document the daemon serves is valid OpenAPI 3.1")
        func isValid() async throws {
            try await RunningDaemon.with { daemon in
                let document = try await daemon.get("/v1/openapi.json")
                #expect(document.status == 200)
                #expect(try document.member("openapi", as: String.self).hasPrefix("3.1."))
                let script = """
                    import json, sys
                    from openapi_spec_validator import OpenAPIV31SpecValidator
                    for error in OpenAPIV31SpecValidator(json.load(sys.stdin)).iter_errors(): print(error)
                    """
                let result = try await Command.run(
                    pythonEnvironment, ["-c", script], input: document.text)
                #expect(result.status == 0, "\(result.errors)")
                #expect(result.output == "")
            }
        }

        @Test("The document has every path and method that is served, and no others")
        func isComplete() async throws {
            try await RunningDaemon.with { daemon in
                let paths: [String: [String: Any]] = try await daemon.get("/v1/openapi.json").member("paths")
                #expect(!paths.isEmpty)
                for (path, operations) in paths {
                    let options = try await daemon.request("OPTIONS", path)
                    let allowed = Set(
                        (options.headers["allow"] ?? "").split(separator: ", ").map(String.init))
                    let documented = Set(operations.keys.map { $0.uppercased() })
                    #expect(
                        allowed.subtracting(["HEAD", "OPTIONS"])
                            == documented.subtracting(["HEAD", "OPTIONS"]), "\(path)")
                }
                let index = try await daemon.get("/").text
                for match in index.matches(of: #/(?:GET|POST|PUT|DELETE) +(/[\w/.-]*)/#) {
                    #expect(paths[String(match.output.1)] != nil, "\(match.output.1) is not in the document")
                }
            }
        }

        @Test(
            "What is refused before it comes to an endpoint is documented at each",
            arguments: [
                ("Host: localhost\r\nOrigin: http://elsewhere.example", 403),
                ("Host: elsewhere.example", 421),
                ("Host: localhost\r\nX: " + String(repeating: "x", count: 9_000), 431),
                ("Host: localhost\r\nTransfer-Encoding: gzip, chunked", 501), ("", 400),
            ])
        func refusals(headers: String, status: Int) async throws {
            try await RunningDaemon.with { daemon in
                let paths: [String: [String: Any]] = try await daemon.get("/v1/openapi.json").member("paths")
                var seen: Set<Int> = []
                for (path, operations) in paths {
                    for (name, operation) in operations {
                        let connection = try Connection(daemon)
                        let lines =
                            ["\(name.uppercased()) \(path) HTTP/1.1"] + (headers.isEmpty ? [] : [headers])
                        try connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
                        let reply = try #require(try await connection.reply(), "\(name) \(path)")
                        let responses = (operation as? [String: Any])?["responses"] as? [String: Any]
                        #expect(responses?["\(reply.status)"] != nil, "\(name) \(path): \(reply.status)")
                        seen.insert(reply.status)
                    }
                }
                // /healthz and /readyz are for everybody.
                #expect(seen.subtracting([200]) == [status])
            }
        }

        @Test("Requests made up from the document get only documented answers, and never a 500")
        func drive() async throws {
            let seed = ProcessInfo.processInfo.environment["SCHEMATHESIS_SEED"] ?? "5625"
            let examples = Sanitizer.scaled(100, reduced: 8)
            print(
                "schemathesis: seed \(seed), \(examples) examples an operation (SCHEMATHESIS_SEED sets another)"
            )
            let arguments = [
                "127.0.0.1:0", "--set", "locks.max_wait=0.1", "--set", "locks.default_wait=0.05",
            ]
            try await RunningDaemon.with(["--listen"] + arguments) { daemon in
                let result = try await withTemporaryFolder { folder in
                    let settings = folder.appending(path: "schemathesis.toml")
                    try Data(schemathesisSettings.utf8).write(to: settings)
                    // Answers are open to fields of later versions; those of this one must be documented.
                    let document = folder.appending(path: "openapi.json")
                    let open = try await daemon.get("/v1/openapi.json").text
                    let mark = #""additionalProperties":true,"required""#
                    let closed = open.replacing(mark, with: mark.replacing("true", with: "false"))
                    #expect(closed != open)
                    try Data(closed.utf8).write(to: document)
                    return try await Command.run(
                        schemathesis,
                        [
                            "--config-file", settings.path, "run", document.path, "--url", try daemon.url,
                            "--checks", checks, "--seed", seed, "--max-examples", "\(examples)", "--workers",
                            "1",
                            "--request-timeout", "10", "--generation-database", "none", "--no-color",
                        ], environment: ["HOME": folder.path], timeout: .seconds(240))
                }
                #expect(result.status == 0, "\(result.output)\n\(result.errors)")
                #expect(result.output.contains("Seed: \(seed)"))
                let page = try await daemon.get("/metrics").text
                #expect(!page.contains("status=\"500\""))
                #expect(daemon.process.exit == nil)
            }
        }
    }
}

private let checks = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance", "negative_data_rejection", "positive_data_acceptance",
    "unsupported_method",
    "missing_required_header",
].joined(separator: ",")

/// Answers that a request of the right form may get: all but those that call its form wrong.
private let schemathesisSettings = """
    [checks.positive_data_acceptance]
    expected-statuses = ["2xx", "404", "409", "410", "422", "423", "429", "503"]
    """

private let schemathesis = URL(filePath: pythonEnvironment).deletingLastPathComponent().appending(
    path: "schemathesis"
).path
