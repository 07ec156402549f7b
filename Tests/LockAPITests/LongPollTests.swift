import Support
import Testing
import TicketLock

@Suite struct LongPollTests {
    private let acquire = #"{"conversation_id":"ada"}"#

    @Test("acquire answers 201 at once when nobody is ahead, and its lifetime starts when it is served")
    func acquireFree() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let response = try client.post(
                "acquire", #"{"conversation_id":"ada","lifetime":5,"timeout":100}"#)
            #expect(response.status == 201)
            #expect(
                try response.json == [
                    "conversation_id": "ada", "ticket": 0, "token": 1000, "expires": 1_700_000_005,
                    "expires_in": 5, "now_serving": 0, "is_locked": false, "position": 0,
                ])
        }
    }

    @Test("Parked callers are served in the order of their tickets, each the moment the one ahead finishes")
    func order() async throws {
        try await TestService.with { service in
            let holder = try service.connect()
            try holder.ticket()
            var clients: [RawHTTPClient] = []
            for number in 1...20 {
                let client = try service.connect()
                try client.send("POST", "/v1/acquire", #"{"conversation_id":"ada","lifetime":7}"#)
                try await service.untilWaiters(are: number)
                clients.append(client)
            }
            for (index, client) in clients.enumerated() {
                try await service.advance(by: .seconds(1))
                _ = try holder.post("finish-serving", #"{"conversation_id":"ada","ticket":\#(index)}"#)
                let json = try client.response().json
                #expect(json["ticket"]?.integer == index + 1)
                #expect(json["expires_in"] == 7)
                #expect(json["is_locked"] == false)
            }
        }
    }

    @Test("Expiry hands over without any request")
    func expiryHandsOver() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            _ = try client.post("issue-ticket", #"{"conversation_id":"ada","lifetime":5}"#)
            let waiter = try service.connect()
            try waiter.send("POST", "/v1/acquire", acquire)
            try await service.untilWaiters(are: 1)
            try await service.advance(by: .seconds(5))
            let response = try waiter.response()
            #expect(response.status == 201)
            #expect(try response.json["expires_in"] == 60)
        }
    }

    @Test("acquire answers 423 when its timeout passes, and its place is withdrawn")
    func acquireTimeout() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            try client.ticket()
            let atOnce = try client.post("acquire", #"{"conversation_id":"ada","timeout":0}"#)
            try expectProblem(atOnce, 423, "acquire_timeout")
            let waiter = try service.connect()
            try waiter.send("POST", "/v1/acquire", #"{"conversation_id":"ada","timeout":2.5}"#)
            try await service.untilWaiters(are: 1)
            #expect(try client.queue() == [0, 2])
            try await service.advance(by: .milliseconds(2_499))
            #expect(try client.queue() == [0, 2])
            try await service.advance(by: .milliseconds(1))
            try expectProblem(try waiter.response(), 423, "acquire_timeout")
            #expect(try client.queue() == [0])
            #expect(try waiter.get("/healthz").status == 200)
        }
    }

    @Test(
        "Without a timeout a caller waits 30 s, and never longer than the longest", arguments: [20, 30, 40])
    func defaultTimeout(longest: Int) async throws {
        var limits = LockLimits()
        limits.maxWait = .seconds(longest)
        try await TestService.with(limits) { service in
            let client = try service.connect()
            for _ in 0..<2 { try client.ticket() }
            let waiter = try service.connect()
            try waiter.send("POST", "/v1/wait", #"{"conversation_id":"ada","ticket":1}"#)
            try await service.untilWaiters(are: 1)
            try await service.advance(by: .seconds(min(longest, 30)) - .nanoseconds(1))
            try await service.untilWaiters(are: 1)
            try await service.advance(by: .nanoseconds(1))
            let response = try waiter.response()
            #expect(response.status == 200)
            #expect(try response.json["is_locked"] == true)
            #expect(try client.queue() == [0, 1])
        }
    }

    @Test(
        "A caller of acquire that hangs up gives its place up; one of wait leaves it",
        arguments: [true, false])
    func hangUp(isReset: Bool) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<2 { try client.ticket() }
            let waiting = try service.connect()
            let acquiring = try service.connect()
            try waiting.send("POST", "/v1/wait", #"{"conversation_id":"ada","ticket":1}"#)
            try acquiring.send("POST", "/v1/acquire", acquire)
            try await service.untilWaiters(are: 2)
            #expect(try client.queue() == [0, 1, 2])
            if isReset { acquiring.reset() } else { acquiring.close() }
            try await eventually("the place is given up") { try client.queue() == [0, 1] }
            if isReset { waiting.reset() } else { waiting.close() }
            try await service.untilWaiters(are: 0)
            #expect(try client.queue() == [0, 1])
        }
    }

    @Test("A caller gone in the moment of its grant is passed over: the next is served")
    func grantToNobody() async throws {
        try await TestService.with { service in
            let holder = try service.connect()
            try holder.ticket()
            let gone = try service.connect()
            let next = try service.connect()
            for (number, client) in [gone, next].enumerated() {
                try client.send("POST", "/v1/acquire", acquire)
                try await service.untilWaiters(are: number + 1)
            }
            try await service.http.loop.run {
                try holder.send("POST", "/v1/finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
                gone.close()
            }
            #expect(try next.response().json["ticket"] == 2)
            #expect(try holder.response().status == 200)
            try await eventually("only the next is queued") { try holder.queue() == [2] }
        }
    }
}
