import Foundation
import Support
import Testing

extension DaemonSuite {
    /// Clients that generators make of the daemon's own document; each takes, waits for and finishes tickets.
    @Suite("Generated clients", .enabled(if: hasPythonEnvironment, pythonIsMissing))
    struct GeneratedClients {
        @Test(
            "A generated Python client takes, waits for and finishes tickets, and bears what it does not know"
        )
        func python() async throws {
            try await RunningDaemon.with { daemon in
                try await withTemporaryFolder { folder in
                    let document = try await document(of: daemon, in: folder)
                    // The generator formats what it has made with ruff, which it looks for on the path.
                    let path = pythonPrograms.path + ":/usr/bin:/bin"
                    try await run(
                        pythonPrograms.appending(path: "openapi-python-client").path,
                        [
                            "generate", "--meta", "none", "--fail-on-warning", "--path", document,
                            "--output-path", folder.appending(path: "generated").path,
                        ], ["PATH": path, "HOME": folder.path])
                    try await run(
                        pythonEnvironment, [interop("openapi_client.py"), try daemon.url],
                        ["PYTHONPATH": folder.path, "PYTHONDONTWRITEBYTECODE": "1"])
                }
            }
        }

        @Test(
            "So does a generated Go client, whose integers are fixed by the document",
            .enabled(if: hasGo, "needs Go, Java and openapi-generator-cli: make deps-test venv"))
        func go() async throws {
            try await RunningDaemon.with { daemon in
                try await withTemporaryFolder { folder in
                    let document = try await document(of: daemon, in: folder)
                    let client = folder.appending(path: "client")
                    try await run(
                        pythonPrograms.appending(path: "openapi-generator-cli").path,
                        [
                            "generate", "-g", "go", "-i", document, "-o", client.path, "--git-host",
                            "example.org", "--git-user-id", "ticketlockd", "--git-repo-id", "client",
                            "--global-property", "apis,models,supportingFiles,apiTests=false,apiDocs=false",
                        ])
                    let program = client.appending(path: "program")
                    try FileManager.default.createDirectory(at: program, withIntermediateDirectories: true)
                    try FileManager.default.copyItem(
                        atPath: interop("openapi_client.go"), toPath: program.path + "/main.go")
                    let built = folder.appending(path: "built").path
                    // All that it imports is Go's own; what is compiled of that stays for the next time.
                    let cache = BuiltProducts.packageRoot.appending(path: ".build/go").path
                    try await run(
                        "sh", ["-c", "cd '\(client.path)' && exec go build -o '\(built)' ./program"],
                        ["GOFLAGS": "-mod=mod", "GOPROXY": "off", "GO111MODULE": "on", "GOCACHE": cache])
                    try await run(built, [try daemon.url])
                }
            }
        }
    }
}

private let pythonPrograms = URL(filePath: pythonEnvironment).deletingLastPathComponent()

private let hasGo: Bool = {
    let generator = pythonPrograms.appending(path: "openapi-generator-cli").path
    guard FileManager.default.isExecutableFile(atPath: generator) else { return false }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return ["go", "java"].allSatisfy { name in
        path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
}()

/// The path of a program of Tests/Interop.
private func interop(_ name: String) -> String {
    BuiltProducts.packageRoot.appending(path: "Tests/Interop/\(name)").path
}

/// The file with the document that the daemon serves.
private func document(of daemon: RunningDaemon, in folder: URL) async throws -> String {
    let file = folder.appending(path: "openapi.json")
    try await daemon.get("/v1/openapi.json").body.write(to: file)
    return file.path
}

/// Runs a program that must succeed.
private func run(
    _ program: String, _ arguments: [String], _ environment: [String: String] = [:]
) async throws {
    let result = try await Command.run(
        program, arguments, environment: environment, timeout: .seconds(120))
    try #require(result.status == 0, "\(program): \(result.output)\n\(result.errors)")
}
