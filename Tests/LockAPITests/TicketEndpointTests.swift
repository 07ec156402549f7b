import Support
import Testing

@Suite struct TicketEndpointTests {
    @Test("issue-ticket answers 201 with the ticket, byte for byte")
    func issueBytes() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let first = try client.post("issue-ticket", #"{"conversation_id":"ada"}"#)
            #expect(first.status == 201)
            #expect(first.header("content-type") == "application/json")
            #expect(
                first.text
                    == #"{"conversation_id":"ada","ticket":0,"token":1000,"expires":1700000060.000000,"#
                    + #""expires_in":60.000000,"now_serving":0,"is_locked":false,"position":0}"#)
            try await service.advance(by: .milliseconds(1_500))
            let second = try client.post("issue-ticket", #"{"conversation_id":"ada","lifetime":0.25}"#)
            #expect(
                second.text
                    == #"{"conversation_id":"ada","ticket":1,"token":1001,"expires":1700000001.750000,"#
                    + #""expires_in":0.250000,"now_serving":0,"is_locked":true,"position":1}"#)
        }
    }

    @Test("A lifetime may have a fraction, be an integer or be written with an exponent")
    func lifetimes() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for (text, seconds) in [
                ("1", 1), ("1.5", 1.5), ("1e2", 100), ("3600", 3600), ("0.000001", 0.000001),
            ] {
                let response = try client.post(
                    "issue-ticket", #"{"lifetime":\#(text),"conversation_id":"\#(text)"}"#)
                #expect(try response.json["expires_in"]?.number == seconds)
            }
        }
    }

    @Test("wait answers at once when the ticket is served, when it is gone and when its timeout is 0")
    func wait() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<2 { try client.ticket() }
            let served = try client.post("wait", #"{"conversation_id":"ada","ticket":0}"#)
            #expect(served.status == 200)
            #expect(try served.json["is_locked"] == false)
            let waiting = try client.post("wait", #"{"conversation_id":"ada","ticket":1,"timeout":0}"#)
            #expect(waiting.status == 200)
            #expect(
                try waiting.json == [
                    "conversation_id": "ada", "ticket": 1, "token": 1001, "expires": 1_700_000_060,
                    "expires_in": 60, "now_serving": 0, "is_locked": true, "position": 1,
                ])
            let mismatch = try client.post("wait", #"{"conversation_id":"ada","ticket":1,"token":1000}"#)
            try expectProblem(mismatch, 409, "token_mismatch")
            for (id, number) in [("ada", 2), ("eve", 0)] {
                let response = try client.post("wait", #"{"conversation_id":"\#(id)","ticket":\#(number)}"#)
                try expectProblem(response, 404, "ticket_not_found")
            }
            _ = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
            let gone = try client.post("wait", #"{"conversation_id":"ada","ticket":0}"#)
            try expectProblem(gone, 410, "ticket_gone")
        }
    }

    @Test("extend gives a ticket a new expiry, whether it is served or waits")
    func extend() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<2 { try client.ticket() }
            try await service.advance(by: .seconds(30))
            let longer = try client.post("extend", #"{"conversation_id":"ada","ticket":0,"lifetime":100}"#)
            #expect(longer.status == 200)
            #expect(
                try longer.json == [
                    "conversation_id": "ada", "ticket": 0, "token": 1000, "expires": 1_700_000_130,
                    "expires_in": 100, "now_serving": 0, "is_locked": false, "position": 0,
                ])
            let token = try client.post("extend", #"{"conversation_id":"ada","ticket":1,"token":1001}"#)
            #expect(try token.json["expires_in"] == 60)
            #expect(try token.json["position"] == 1)
            let mismatch = try client.post("extend", #"{"conversation_id":"ada","ticket":1,"token":1000}"#)
            try expectProblem(mismatch, 409, "token_mismatch")
            // Ticket 1 expires at 90 s, ticket 0 at 130 s.
            try await service.advance(by: .seconds(60))
            #expect(try client.queue() == [0])
            let gone = try client.post("extend", #"{"conversation_id":"ada","ticket":1}"#)
            try expectProblem(gone, 410, "ticket_gone")
            let unknown = try client.post("extend", #"{"conversation_id":"ada","ticket":7}"#)
            try expectProblem(unknown, 404, "ticket_not_found")
        }
    }

    @Test("finish-serving removes a ticket wherever it stands, and says what it found")
    func finish() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<3 { try client.ticket() }
            let mismatch = try client.post(
                "finish-serving", #"{"conversation_id":"ada","ticket":1,"token":1}"#)
            try expectProblem(mismatch, 409, "token_mismatch")
            let middle = try client.post(
                "finish-serving", #"{"conversation_id":"ada","ticket":1,"token":1001}"#)
            #expect(middle.status == 200)
            #expect(
                middle.text
                    == #"{"conversation_id":"ada","removed":true,"now_serving":0,"is_someone_waiting":true}"#)
            let head = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":0}"#)
            #expect(
                try head.json == [
                    "conversation_id": "ada", "removed": true, "now_serving": 2, "is_someone_waiting": true,
                ])
            for (number, id) in [(0, "ada"), (99, "ada"), (0, "unknown")] {
                let response = try client.post(
                    "finish-serving", #"{"conversation_id":"\#(id)","ticket":\#(number)}"#)
                #expect(response.status == 200)
                #expect(try response.json["removed"] == false)
            }
            let last = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":2}"#)
            #expect(try last.json["is_someone_waiting"] == false)
            // The empty lock stays readable, and nothing was created for the unknown one.
            #expect(try client.listing()["locks"]?.array?.count == 1)
        }
    }

    @Test("cleanup finishes the ticket and deletes the lock only when nobody is left")
    func cleanUp() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<2 { try client.ticket() }
            let mismatch = try client.post("cleanup", #"{"conversation_id":"ada","ticket":0,"token":1001}"#)
            try expectProblem(mismatch, 409, "token_mismatch")
            let others = try client.post("cleanup", #"{"conversation_id":"ada","ticket":0,"token":1000}"#)
            #expect(others.status == 200)
            #expect(
                others.text
                    == #"{"conversation_id":"ada","removed":true,"deleted":false,"is_someone_waiting":true}"#)
            let held = try client.post("cleanup", #"{"conversation_id":"ada"}"#)
            #expect(try held.json["deleted"] == false)
            let last = try client.post("cleanup", #"{"conversation_id":"ada","ticket":1}"#)
            #expect(
                try last.json == [
                    "conversation_id": "ada", "removed": true, "deleted": true, "is_someone_waiting": false,
                ])
            let again = try client.post("cleanup", #"{"conversation_id":"ada","ticket":1}"#)
            #expect(
                try again.json == [
                    "conversation_id": "ada", "removed": false, "reason": "not_queued", "deleted": false,
                    "is_someone_waiting": false,
                ])
            // Who names no ticket is told nothing of one.
            #expect(try client.post("cleanup", #"{"conversation_id":"ada"}"#).json["reason"] == nil)
            // The numbers go on, so that a late request meets nobody else's ticket.
            #expect(try client.ticket()["ticket"] == 2)
            #expect(try client.queue() == [2])
        }
    }

    @Test("finish-serving says why a ticket was not removed: it is not queued")
    func finishedTwice() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            try client.ticket()
            let finish = { try client.post("finish-serving", #"{"conversation_id":"ada","ticket":0}"#).json }
            let first = try finish()
            #expect(first["removed"] == true && first["reason"] == nil)
            let again = try finish()
            #expect(again["removed"] == false && again["reason"] == "not_queued")
        }
    }

    @Test("A number that was never issued says what to do after a restart without state")
    func neverIssued() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let response = try client.post("wait", #"{"conversation_id":"ada","ticket":7}"#)
            try expectProblem(response, 404, "ticket_not_found")
            #expect(try response.json["detail"]?.string?.contains("take another ticket") == true)
        }
    }

    @Test("A token without a ticket is refused by cleanup")
    func cleanUpToken() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let response = try client.post("cleanup", #"{"conversation_id":"ada","token":1}"#)
            try expectProblem(response, 400, "invalid_token", field: "token")
        }
    }
}
