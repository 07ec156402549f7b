import HTTPServer
import LockAPI
import LockStore
import Support
import Testing
import TicketLock

@Suite struct StoreUnavailableTests {
    func serving(
        _ code: LockStoreError.Code = .unavailable, isForgetful: Bool = false,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        try await LoopThread.with { thread in
            let api = LockAPI(
                loop: thread.loop, store: UnreachableStore(loop: thread.loop, code, isForgetful: isForgetful),
                limits: LockLimits(),
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

    @Test(
        "What keeps the store from serving somebody is told, without the reason's details",
        arguments: [
            (
                LockStoreError.Code.stateUnwritable,
                "the lock store's state cannot be written; nothing was changed"
            ),
            (
                .stateIncomplete,
                "tickets that were lost with the machine may be alive for another 3599 s, and none are given out; "
                    + "nothing was changed"
            ),
            (.placeLost, "the ticket has lost its place; it is gone, so take another one"),
        ])
    func state(code: LockStoreError.Code, detail: String) async throws {
        try await serving(code) { server in
            let response = try server.connect().post("issue-ticket", #"{"conversation_id":"ada"}"#)
            try expectProblem(response, 503, "store_unavailable", field: nil, detail)
            #expect(try response.json["detail"]?.string == detail)
        }
    }

    @Test(
        "An unknown outcome and a value that is no lock have codes of their own; who may ask again is told when"
    )
    func codes() async throws {
        for (code, status, word) in [
            (LockStoreError.Code.unavailable, 503, "store_unavailable"),
            (.outcomeUnknown, 503, "outcome_unknown"), (.unreadable, 500, "lock_unreadable"),
        ] as [(LockStoreError.Code, Int, String)] {
            try await serving(code) { server in
                let response = try server.connect().post("issue-ticket", #"{"conversation_id":"ada"}"#)
                try expectProblem(response, status, word, field: nil, word)
                #expect(response.header("retry-after") == (status == 503 ? "1" : nil))
                #expect(!response.text.contains("hunter2"))
            }
        }
    }

    @Test("What the store refuses is said in its words, which say what to do")
    func refused() async throws {
        try await serving(.refused) { server in
            let detail = "Redis refuses: OOM (give it more memory, maxmemory); nothing was changed"
            for response in [
                try server.connect().post("issue-ticket", #"{"conversation_id":"ada"}"#),
                try server.connect().get("/readyz"),
            ] {
                try expectProblem(response, 503, "store_unavailable", field: nil, detail)
                #expect(try response.json["detail"]?.string == detail)
            }
        }
    }

    @Test("A request that the store drops unanswered is a mistake of ours, which ends the process of a test")
    func dropped() async {
        await #expect(processExitsWith: .failure) {
            try await StoreUnavailableTests().serving(isForgetful: true) { server in
                _ = try server.connect().post("issue-ticket", #"{"conversation_id":"ada"}"#)
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
