import LockAPI
import Support
import Testing

@Suite struct LostTicketTests {
    @Test("A parked caller is told at once that its ticket was removed, has expired or went with its lock")
    func gone() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for id in ["ada", "bob", "eve"] {
                try client.ticket(id)
                _ = try client.post("issue-ticket", #"{"conversation_id":"\#(id)","lifetime":3}"#)
                let waiter = try service.connect()
                try waiter.send("POST", "/v1/wait", #"{"conversation_id":"\#(id)","ticket":1}"#)
                try await service.untilWaiters(are: 1)
                switch id {
                case "ada": _ = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":1}"#)
                case "bob": _ = try client.call("DELETE", "/v1/lock?conversation_id=bob")
                default: try await service.advance(by: .seconds(3))
                }
                let response = try waiter.response()
                try expectProblem(response, 410, "ticket_gone", field: nil, id)
                #expect(try response.json["detail"]?.string?.contains("ticket 1") == true)
            }
        }
    }

    @Test("An acquire whose ticket is gone is not told of another's number")
    func acquire() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            try client.ticket()
            let waiter = try service.connect()
            try waiter.send("POST", "/v1/acquire", #"{"conversation_id":"ada"}"#)
            try await service.untilWaiters(are: 1)
            _ = try client.call("DELETE", "/v1/lock?conversation_id=ada")
            let response = try waiter.response()
            try expectProblem(response, 410, "ticket_gone")
            #expect(try response.json["detail"]?.string?.contains("ticket 0") == false)
        }
    }

    @Test("Shutting down tells every parked caller its ticket, which keeps its place")
    func shutDown() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<2 { try client.ticket() }
            let waiting = try service.connect()
            let acquiring = try service.connect()
            try waiting.send("POST", "/v1/wait", #"{"conversation_id":"ada","ticket":1}"#)
            try acquiring.send("POST", "/v1/acquire", #"{"conversation_id":"ada"}"#)
            try await service.untilWaiters(are: 2)
            await service.api.shutDown()
            for (index, waiter) in [waiting, acquiring].enumerated() {
                let response = try waiter.response()
                try expectProblem(response, 503, "shutting_down")
                #expect(try response.json["ticket"]?.integer == index + 1)
                #expect(try response.json["token"]?.integer == index + 1_001)
                #expect(try response.json["position"]?.integer == index + 1)
            }
            #expect(try client.queue() == [0, 1, 2])
            try expectProblem(try client.get("/readyz"), 503, "shutting_down")
            // Who would wait now is told the same; who need not is served.
            let late = try client.post("wait", #"{"conversation_id":"ada","ticket":1}"#)
            try expectProblem(late, 503, "shutting_down")
            #expect(try client.ticket("bob")["is_locked"] == false)
        }
    }
}
