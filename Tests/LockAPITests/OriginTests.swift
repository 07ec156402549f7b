import LockAPI
import Support
import Testing
import TicketLock

/// A page from elsewhere must not be able to take, break or list locks, though the browser that shows it can
/// reach the service.
@Suite struct OriginTests {
    private static let body = #"{"conversation_id":"ada"}"#

    private func get(_ client: RawHTTPClient, _ headers: [String], _ target: String = "/v1/locks") throws
        -> RawHTTPResponse
    {
        try client.send("GET \(target) HTTP/1.1\r\n\((headers + [""]).joined(separator: "\r\n"))\r\n")
        return try client.response()
    }

    @Test(
        "A Host that is an IP address or a name without a dot is answered",
        arguments: [
            "127.0.0.1", "127.0.0.1:5625", "[::1]", "[::1]:5625", "localhost", "LOCALHOST:5625", "localhost.",
            "localhost.:80", "ticketlockd", "10.0.0.7:80", "2130706433",
        ])
    func ownHosts(host: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            #expect(try get(client, ["Host: \(host)"]).status == 200)
        }
    }

    @Test(
        "Any other Host is 421 at every endpoint but the health checks, and nothing is done",
        arguments: [
            "evil.example", "evil.example:5625", "localhost.evil.example", "127.0.0.1.evil.example", "a.b.",
        ])
    func otherHosts(host: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for endpoint in Endpoint.allCases {
                for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
                    let type = "Content-Type: application/json\r\nContent-Length: \(Self.body.utf8.count)"
                    try client.send(
                        "\(method) \(endpoint.path) HTTP/1.1\r\nHost: \(host)\r\n\(type)\r\n\r\n\(Self.body)")
                    let response = try client.response()
                    if endpoint == .health || endpoint == .readiness {
                        #expect(response.status != 421)
                    } else {
                        try expectProblem(response, 421, "misdirected_host", field: "Host")
                        #expect(try response.json["detail"]?.string?.contains("http.allowed_hosts") == true)
                    }
                }
            }
            #expect(try client.listing()["locks"]?.array?.isEmpty == true)
        }
    }

    @Test(
        "http.allowed_hosts allows names, all names below one, or all; the machine's name is allowed without",
        arguments: [
            ("locks.example", "Locks.Example:80", true), ("Locks.Example", "locks.example.", true),
            ("locks.example", "xlocks.example", false), ("locks.example", "locks.example.evil", false),
            ("*.example", "a.b.example", true), ("*.locks.example", "locks.example", false),
            ("*.locks.example", "xlocks.example", false), ("*.locks.example", ".locks.example", false),
            ("*", "evil.example", true), ("a", "box.example:5625", true), ("a", "other.example", false),
        ])
    func allowedHosts(allowed: String, host: String, isAllowed: Bool) async throws {
        try await TestService.with { service in
            let rules = HostRules(allowed: [allowed], machineName: "box.example")
            await service.api.setLimits(LockLimits(), bodyBytesMax: 1_000, hostRules: rules)
            let status = try get(service.connect(), ["Host: \(host)"]).status
            #expect(status == (isAllowed ? 200 : 421))
        }
    }

    @Test(
        "A page of the service's own origin is answered",
        arguments: [
            ("localhost:5625", "http://localhost:5625"), ("LOCALHOST:5625", "http://localhost:5625"),
            ("localhost", "http://localhost"), ("localhost", "http://localhost:80"),
            ("localhost:80", "http://localhost"), ("localhost", "https://localhost"),
            ("localhost:443", "https://localhost"), ("[::1]:1", "http://[::1]:1"),
        ])
    func ownOrigins(host: String, origin: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            #expect(try get(client, ["Host: \(host)", "Origin: \(origin)"]).status == 200)
        }
    }

    @Test(
        "A page of any other origin is 403, and nothing is done",
        arguments: [
            "null", "http://evil.example", "http://localhost:5626", "http://localhost", "https://localhost",
            "http://127.0.0.1:5625", "http://localhost:5625.evil.example",
            "http://localhost:5625@evil.example",
            "localhost:5625", "file://", "chrome-extension://abc", "http://localhost:56250", "",
            "http://localhost:5625/", "http://localhost:5625 http://localhost:5625",
        ])
    func otherOrigins(origin: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            try expectProblem(
                try get(client, ["Host: localhost:5625", "Origin: \(origin)"]), 403, "forbidden_origin",
                field: "Origin")
            #expect(try get(client, ["Host: localhost:5625", "Origin: \(origin)"], "/healthz").status == 200)
        }
    }

    @Test("A request of HTTP/1.0 needs no Host, but an Origin is none of it")
    func withoutHost() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            try client.send("GET /v1/locks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try client.response().status == 200)
            try client.send("GET http://evil.example/v1/locks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            try expectProblem(try client.response(), 421, "misdirected_host", field: "Host")
            try client.send("GET /v1/locks HTTP/1.0\r\nOrigin: http://localhost\r\n\r\n")
            try expectProblem(try client.response(), 403, "forbidden_origin", field: "Origin")
        }
    }
}
