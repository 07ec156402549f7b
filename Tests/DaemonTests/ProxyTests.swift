import Foundation
import Support
import Testing

/// The examples of config/nginx and config/haproxy, with Debian's packages. Beside the other tests, since most of its
/// time it waits.
@Suite("Behind a proxy", .enabled(if: RunningProxy.areInstalled, "needs nginx and haproxy: make deps-test"))
struct ProxyTests {
    private static let versions = ["--http1.1", "--http2"]

    @Test(
        "Long polls outlast the proxy's default timeouts, and those who hang up in acquire are withdrawn",
        arguments: RunningProxy.Kind.allCases)
    func longPolls(_ kind: RunningProxy.Kind) async throws {
        try await RunningDaemon.with { daemon in
            try await RunningProxy.with(kind, daemon) { proxy in
                for conversation in Self.versions + ["long"] {
                    let body = "{\"conversation_id\":\"\(conversation)\",\"lifetime\":120}"
                    let issued = try await proxy.curl("--json", body, proxy.url("/v1/issue-ticket"))
                    #expect(issued.status == 201)
                }
                // nginx gives up after 60 s, HAProxy as Debian configures it after 50 s.
                let body = #"{"conversation_id":"long","timeout":62}"#
                async let polled = proxy.curl("--json", body, proxy.url("/v1/acquire"))
                for version in Self.versions {
                    try await hangUp(version, at: proxy, of: daemon)
                }
                let answer = try await polled
                #expect(answer.status == 423)
                #expect(answer.text.contains("acquire_timeout"))
                #expect(answer.seconds >= 62)
            }
        }
    }

    private func hangUp(_ version: String, at proxy: RunningProxy, of daemon: RunningDaemon) async throws {
        let waiting = "/v1/is-waiting?conversation_id=" + version
        let before: Int = try await daemon.get(waiting).member("waiting")
        let body = "{\"conversation_id\":\"\(version)\",\"timeout\":60}"
        let caller = try proxy.start(version, "--json", body, proxy.url("/v1/acquire"))
        defer { caller.kill() }
        try await eventually("it waits") { try await daemon.get(waiting).member("waiting") == before + 1 }
        caller.kill()
        try await eventually("\(proxy.kind) passes on that its client has hung up") {
            try await daemon.get(waiting).member("waiting") == before
        }
    }

    @Test("Operators alone may list and break locks", arguments: RunningProxy.Kind.allCases, versions)
    func operators(_ kind: RunningProxy.Kind, _ version: String) async throws {
        try await RunningDaemon.with { daemon async throws in
            try await RunningProxy.with(kind, daemon) { proxy async throws in
                func status(_ arguments: String...) async throws -> Int {
                    try await proxy.curl([version] + arguments).status
                }
                let lock = proxy.url("/v1/lock?conversation_id=a")
                let put = #"{"conversation_id":"a"}"#
                #expect(try await status("--request", "PUT", "--json", put, proxy.url("/v1/lock")) == 201)
                #expect(try await status(lock) == 200)
                #expect(try await status(proxy.url("/readyz")) == 200)
                for path in ["/v1/locks", "/v1/locks?limit=1", "/metrics"] {
                    #expect(try await status(proxy.url(path)) == 401, "\(path)")
                    #expect(try await status("--user", "ops:wrong", proxy.url(path)) == 401, "\(path)")
                    #expect(try await status("--user", "ops:secret", proxy.url(path)) == 200, "\(path)")
                }
                #expect(try await status("--request", "DELETE", lock) == 401)
                #expect(try await status(lock) == 200)
                #expect(try await status("--user", "ops:secret", "--request", "DELETE", lock) == 200)
                #expect(try await status(lock) == 404)
            }
        }
    }

    @Test(
        "The daemon sees a Host of its own, and no operator's password", arguments: RunningProxy.Kind.allCases
    )
    func hostOfItsOwn(_ kind: RunningProxy.Kind) async throws {
        // A server of the test's own, since the daemon does not show what it was sent.
        let listener = try HeadRecorder()
        try await RunningProxy.with(kind, port: listener.port) { proxy in
            for request in [
                ["--user", "ops:secret", proxy.url("/v1/wait")],
                ["--user", "ops:secret", proxy.url("/v1/locks")],
                ["--user", "ops:secret", "--request", "DELETE", proxy.url("/v1/lock")],
                ["--header", "Authorization: Bearer own", proxy.url("/v1/lock")],
            ] {
                let answer = try await proxy.curl(request)
                #expect(answer.text == "ok")
            }
        }
        let heads = listener.heads.filter { $0.contains(" /v1/") }
        #expect(heads.count == 4)
        // A service's own is not the proxy's business.
        #expect(heads.filter { $0.contains("Bearer own") }.map { $0.prefix(12) } == ["GET /v1/lock"])
        for head in heads {
            let lines = head.lowercased().components(separatedBy: "\r\n")
            #expect(lines.filter { $0.hasPrefix("host:") } == ["host: localhost"], "\(head)")
            if lines[0].hasPrefix("get /v1/locks") || lines[0].hasPrefix("delete") {
                #expect(!lines.contains { $0.hasPrefix("authorization:") }, "\(head)")
            }
        }
    }
}
