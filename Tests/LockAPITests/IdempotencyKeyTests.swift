import HTTPServer
import LockStore
import Support
import Testing
import TicketLock

@Suite struct IdempotencyKeyTests {
    private let body = #"{"conversation_id":"ada"}"#

    @Test("A repeated issue-ticket gets the first one's ticket while that lives, and then a new one")
    func issue() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let first = try client.post("issue-ticket", body, key: "k")
            let again = try client.post("issue-ticket", body, key: "k")
            #expect(again.status == 201)
            #expect(first.text == again.text)
            #expect(try client.post("issue-ticket", body, key: "K").json["ticket"] == 1)
            #expect(try client.post("issue-ticket", body).json["ticket"] == 2)
            #expect(
                try client.post("issue-ticket", #"{"conversation_id":"bob"}"#, key: "k").json["token"] == 1003
            )
            _ = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
            #expect(try client.post("issue-ticket", body, key: "k").json["ticket"] == 3)
            try await service.advance(by: .seconds(60))
            #expect(try client.post("issue-ticket", body, key: "k").json["ticket"] == 4)
        }
    }

    @Test("A key sent with another request is refused")
    func reused() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            _ = try client.post("issue-ticket", body, key: "k")
            for (name, other) in [
                ("issue-ticket", #"{"conversation_id":"ada","lifetime":5}"#), ("acquire", body),
            ] {
                let response = try client.post(name, other, key: "k")
                try expectProblem(response, 422, "idempotency_key_reused", field: "Idempotency-Key")
            }
            #expect(try client.queue() == [0])
        }
    }

    @Test(
        "A key has 1 to 255 visible ASCII characters",
        arguments: [
            ("k", true), ("!\"~", true), (String(repeating: "k", count: 255), true),
            (String(repeating: "k", count: 256), false), ("", false), ("a b", false), ("a\tb", false),
            ("é", false),
            ("\u{7F}", false),
        ])
    func limits(key: String, isGood: Bool) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for name in ["issue-ticket", "acquire"] {
                let response = try client.post(name, "{\"conversation_id\":\"\(name)\"}", key: key)
                if isGood {
                    #expect(response.status == 201)
                } else {
                    try expectProblem(response, 400, "invalid_idempotency_key", field: "Idempotency-Key")
                    #expect(try client.listing()["locks"] == [])
                }
            }
        }
    }

    /// Callers of one acquire, sent again and again with one key, that all wait for its ticket.
    private func callersThatWait(_ count: Int, of service: TestService) async throws -> [RawHTTPClient] {
        let callers = try (0..<count).map { _ in try service.connect() }
        for (number, caller) in callers.enumerated() {
            try caller.send("POST", "/v1/acquire", body, ["Idempotency-Key: k"])
            try await service.untilWaiters(are: number + 1)
        }
        return callers
    }

    @Test("A repeated acquire waits for the first one's ticket, whose place stays while either waits")
    func acquire() async throws {
        try await TestService.with { service in
            let holder = try service.connect()
            try holder.ticket()
            let callers = try await callersThatWait(3, of: service)
            #expect(try holder.queue() == [0, 1])
            callers[0].close()
            try await service.untilWaiters(are: 2)
            #expect(try holder.queue() == [0, 1])
            _ = try holder.post("finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
            for caller in callers[1...] { #expect(try caller.response().json["ticket"] == 1) }
            // Once more, now that it is served.
            let again = try holder.post("acquire", body, key: "k")
            #expect(again.status == 201)
            #expect(try again.json["ticket"] == 1)
        }
    }

    @Test("When all callers of a repeated acquire hang up, its place is given up")
    func allHangUp() async throws {
        try await TestService.with { service in
            let holder = try service.connect()
            try holder.ticket()
            let callers = try await callersThatWait(2, of: service)
            for caller in callers { caller.close() }
            try await eventually("the place is given up") { try holder.queue() == [0] }
        }
    }

    @Test("A grant that one of two callers got is not taken back because the other has gone")
    func oneOfTwoIsGone() async throws {
        try await TestService.with { service in
            let holder = try service.connect()
            try holder.ticket()
            let callers = try await callersThatWait(2, of: service)
            try await service.http.loop.run {
                try holder.send("POST", "/v1/finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
                callers[0].close()
            }
            #expect(try holder.response().status == 200)
            #expect(try callers[1].response().json["is_locked"] == false)
            // The first caller's connection ends, and with it all that comes of its grant.
            try await service.http.untilConnections(are: 2)
            #expect(try holder.queue() == [1])
        }
    }

    @Test("A holder keeps its ticket when a repetition of its request is abandoned")
    func abandonedRepetition() async throws {
        try await TestService.with { service in
            let holder = try service.connect()
            #expect(try holder.post("acquire", body, key: "k").status == 201)
            let other = try service.connect()
            try await service.http.loop.run {
                try other.send("POST", "/v1/acquire", body, ["Idempotency-Key: k"])
                other.close()
            }
            try await service.http.untilConnections(are: 1)
            #expect(try holder.queue() == [0])
        }
    }

    @Test("A grant with a key is taken back too when its only caller has gone")
    func grantToNobody() async throws {
        try await TestService.with { service in
            let holder = try service.connect()
            try holder.ticket()
            let caller = try service.connect()
            try caller.send("POST", "/v1/acquire", body, ["Idempotency-Key: k"])
            try await service.untilWaiters(are: 1)
            try await service.http.loop.run {
                try holder.send("POST", "/v1/finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
                caller.close()
            }
            #expect(try holder.response().status == 200)
            try await eventually("the ticket is taken back") { try holder.queue() == [] }
        }
    }

    @Test(
        "An issued ticket whose answer was not delivered is taken back, but not one with a key to come back with",
        arguments: [nil, "k"])
    func undelivered(key: String?) async throws {
        try await TestService.with { service in
            let gone = try service.connect()
            try await service.http.loop.run {
                // The first answer meets a closed socket, so that the second cannot be written.
                try gone.send("GET", "/healthz")
                try gone.send("POST", "/v1/issue-ticket", body, key.map { ["Idempotency-Key: \($0)"] } ?? [])
                gone.close()
            }
            try await service.http.untilConnections(are: 0)
            let statistics = await service.store.statistics().tickets
            #expect(statistics.issued == 1)
            #expect(statistics.withdrawn == (key == nil ? 1 : 0))
            #expect(try service.connect().queue() == (key == nil ? [] : [0]))
        }
    }
}
