import HTTPServer
import LockAPI
import Support
import Testing
import TicketLock

@Suite struct StoreUnavailableTests {
    private func serving(_ body: (TestServer) async throws -> Void) async throws {
        try await LoopThread.with { thread in
            let api = LockAPI(
                loop: thread.loop, store: UnreachableStore(loop: thread.loop), limits: LockLimits(),
                bodyBytesMax: 16_384, build: BuildInformation(version: "1", libmicrohttpd: "1"),
                now: { Instant(nanoseconds: 1) })
            try await TestServer.with(on: thread, handler: api) {
                await $0.shutDown()
            } _: {
                try await body($0)
            }
        }
    }

    @Test("While the store cannot be reached, what needs it is answered 503 without the reason's details")
    func unavailable() async throws {
        try await serving { server in
            let client = try server.connect()
            for name in ["issue-ticket", "acquire", "wait", "extend", "finish-serving", "cleanup"] {
                let body =
                    name == "issue-ticket" || name == "acquire"
                    ? #"{"conversation_id":"ada"}"# : #"{"conversation_id":"ada","ticket":0}"#
                let response = try client.post(name, body)
                try expectProblem(response, 503, "store_unavailable", field: nil, name)
                #expect(!response.text.contains("hunter2"))
            }
            for (method, target, body) in [
                ("GET", "/v1/is-waiting?conversation_id=ada", nil),
                ("GET", "/v1/lock?conversation_id=ada", nil),
                ("DELETE", "/v1/lock?conversation_id=ada", nil),
                ("PUT", "/v1/lock", #"{"conversation_id":"ada"}"#),
                ("GET", "/v1/locks", nil), ("GET", "/readyz", nil),
            ] {
                try expectProblem(
                    try client.call(method, target, body), 503, "store_unavailable", field: nil, target)
            }
        }
    }

    @Test("What does not need the store is served all the same, and bad input is told first")
    func others() async throws {
        try await serving { server in
            let client = try server.connect()
            for path in ["/healthz", "/version", "/metrics", "/"] {
                #expect(try client.get(path).status == 200)
            }
            try expectProblem(try client.post("issue-ticket", "{"), 400, "invalid_json")
        }
    }
}
