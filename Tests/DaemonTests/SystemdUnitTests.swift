import Foundation
import Support
import Testing

@Suite("systemd units")
struct SystemdUnitTests {
    @Test("systemd-analyze verify finds nothing to say about the service and its socket")
    func verify() async throws {
        try await withUnits { folder in
            let units = [service, socket].map { folder.appending(path: $0).path }
            let result = try await Command.run("/usr/bin/systemd-analyze", ["verify", "--man=no"] + units)
            #expect(result.status == 0)
            #expect(result.output + result.errors == "")
        }
    }

    @Test("The service's exposure is rated below 1.5")
    func exposure() async throws {
        // The threshold is in tenths, and is itself allowed.
        let arguments = ["security", "--no-pager", "--offline=true", "--threshold=14"]
        let result = try await Command.run("/usr/bin/systemd-analyze", arguments + [path(service).path])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test(
        "The service keeps its contract with the daemon",
        arguments: [
            ("Type", ["notify"]),
            ("NotifyAccess", ["main"]),
            (
                "ExecStart",
                ["/usr/bin/ticketlockd --config /etc/ticketlockd/ticketlockd.yaml $TICKETLOCKD_OPTIONS"]
            ),
            (
                "ExecReload",
                [
                    "/usr/bin/ticketlockd --check-config --config /etc/ticketlockd/ticketlockd.yaml $TICKETLOCKD_OPTIONS",
                    #"/bin/sh -c "kill -HUP $MAINPID""#,
                ]
            ),
            ("WatchdogSec", ["10"]),
            ("Restart", ["on-failure"]),
            ("RestartPreventExitStatus", ["64 78"]),
            ("DynamicUser", ["yes"]),
            ("RuntimeDirectory", ["ticketlockd"]),
            ("StateDirectory", ["ticketlockd"]),
            ("StateDirectoryMode", ["0700"]),
        ])
    func serviceSetting(key: String, values: [String]) throws {
        #expect(try settings(of: service)[key] == values)
    }

    @Test("systemd waits longer for the end than the daemon's own deadline of 10 s")
    func stopTimeout() throws {
        let values = try #require(try settings(of: service)["TimeoutStopSec"])
        let seconds = try #require(values.last.flatMap { Int($0) })
        #expect(seconds > 10)
    }

    @Test("The service may open more files than http.max_connections")
    func openFiles() throws {
        let values = try #require(try settings(of: service)["LimitNOFILE"])
        let files = try #require(values.last.flatMap { Int($0) })
        #expect(files > 10_000)
    }

    @Test(
        "The socket listens where the daemon would",
        arguments: [
            ("ListenStream", ["127.0.0.1:5625", "[::1]:5625", "/run/ticketlockd.sock"]),
            ("Accept", ["no"]),
            ("Backlog", ["4096"]),
            ("FileDescriptorName", ["http"]),
        ])
    func socketSetting(key: String, values: [String]) throws {
        #expect(try settings(of: socket)[key] == values)
    }
}

private let service = "ticketlockd.service"
private let socket = "ticketlockd.socket"

private func path(_ unit: String) -> URL {
    BuiltProducts.packageRoot.appending(path: "systemd").appending(path: unit)
}

/// The values of every key of a unit, in order.
private func settings(of unit: String) throws -> [String: [String]] {
    var settings: [String: [String]] = [:]
    for line in try String(contentsOf: path(unit), encoding: .utf8).split(separator: "\n") {
        guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
        settings[String(line[..<equals]), default: []].append(String(line[line.index(after: equals)...]))
    }
    return settings
}

/// Copies the units to a folder that is removed afterwards, the service starting the built daemon: `verify`
/// refuses a command that is not there.
private func withUnits(_ body: (URL) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        for unit in [service, socket] {
            let text = try String(contentsOf: path(unit), encoding: .utf8)
                .replacing("/usr/bin/ticketlockd", with: BuiltProducts.url("ticketlockd").path)
            try text.write(to: folder.appending(path: unit), atomically: true, encoding: .utf8)
        }
        try await body(folder)
    }
}
