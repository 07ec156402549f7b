import Support
import Testing

@Suite struct LockEndpointTests {
    @Test("is-waiting counts who waits behind the one served, and knows nobody of an unknown conversation")
    func isWaiting() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let unknown = try client.get("/v1/is-waiting?conversation_id=ada")
            #expect(unknown.status == 200)
            #expect(
                unknown.text
                    == #"{"conversation_id":"ada","is_someone_waiting":false,"waiting":0,"now_serving":0}"#)
            #expect(try client.listing()["locks"] == [])
            for waiting in 0..<3 {
                try client.ticket()
                let json = try client.get("/v1/is-waiting?conversation_id=ada").json
                #expect(
                    json == [
                        "conversation_id": "ada", "is_someone_waiting": true,
                        "waiting": .number(Double(waiting)), "now_serving": 0,
                    ])
            }
        }
    }

    @Test("A lock is read whole, made empty, and deleted with its tickets")
    func lock() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let target = "/v1/lock?conversation_id=ada"
            try expectProblem(try client.get(target), 404, "lock_not_found")
            let put = try client.call("PUT", "/v1/lock", #"{"conversation_id":"ada"}"#)
            #expect(put.status == 201)
            let empty: JSONValue = [
                "conversation_id": "ada", "tickets": [], "now_serving": 0, "last_issued": -1,
                "is_someone_waiting": false, "next_cursor": .null,
            ]
            #expect(try put.json == empty)
            #expect(try client.call("PUT", "/v1/lock", #"{"conversation_id":"ada"}"#).status == 200)
            #expect(try client.get(target).json == empty)
            for _ in 0..<2 { try client.ticket() }
            let ticket = #"{"number":0,"expires":1700000060.000000,"token":1000}"#
            let second = #"{"number":1,"expires":1700000060.000000,"token":1001}"#
            #expect(
                try client.get(target).text
                    == #"{"conversation_id":"ada","tickets":[\#(ticket),\#(second)],"now_serving":0,"#
                    + #""last_issued":1,"is_someone_waiting":true,"next_cursor":null}"#)
            let deleted = try client.call("DELETE", target)
            #expect(deleted.status == 200)
            #expect(deleted.text == #"{"conversation_id":"ada","deleted":true}"#)
            #expect(try client.call("DELETE", target).json["deleted"] == false)
            try expectProblem(try client.get(target), 404, "lock_not_found")
            // The numbers go on behind the deleted ones.
            let again = try client.call("PUT", "/v1/lock", #"{"conversation_id":"ada"}"#)
            #expect(try again.json["last_issued"] == 1)
        }
    }

    @Test("The tickets of a long queue come in pages, which tickets that leave do not disturb")
    func ticketPages() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<1_001 { try client.ticket() }
            func page(_ query: String) throws -> (numbers: [Int64], json: JSONValue) {
                let json = try client.get("/v1/lock?conversation_id=ada" + query).json
                return (
                    json["tickets"]?.array?.compactMap { $0["number"]?.integer.map(Int64.init) } ?? [], json
                )
            }
            let whole = try page("")
            #expect(whole.numbers == Array(0..<1_000))
            #expect(whole.json["next_cursor"] == "1000")
            #expect(try page("&cursor=1000").json["next_cursor"] == .null)
            let first = try page("&limit=3")
            #expect(first.numbers == [0, 1, 2] && first.json["next_cursor"] == "3")
            for number in [0, 3, 5] {
                _ = try client.post("finish-serving", #"{"conversation_id":"ada","ticket":\#(number)}"#)
            }
            let second = try page("&limit=3&cursor=3")
            #expect(second.numbers == [4, 6, 7] && second.json["next_cursor"] == "8")
            #expect(second.json["now_serving"] == 1)
            let beyond = try page("&cursor=5000")
            #expect(beyond.numbers.isEmpty && beyond.json["is_someone_waiting"] == true)
            for query in ["&limit=0", "&limit=1001", "&cursor=x"] {
                #expect(try client.get("/v1/lock?conversation_id=ada" + query).status == 400)
            }
        }
    }

    @Test("Expired tickets are never shown")
    func expired() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for lifetime in 1...2 {
                _ = try client.post("issue-ticket", #"{"conversation_id":"ada","lifetime":\#(lifetime)}"#)
            }
            try await service.advance(by: .nanoseconds(999_999_999))
            #expect(try client.queue() == [0, 1])
            try await service.advance(by: .nanoseconds(1))
            #expect(try client.queue() == [1])
            #expect(try client.listing()["locks"]?.array?.first?["tickets"]?.array?.count == 1)
        }
    }

    @Test("The listing shows every lock once, page by page, also while others are added")
    func pages() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for number in 0..<25 { try client.ticket("a\(number)") }
            var ids: [String] = []
            var query = ""
            for pageNumber in 0..<5 {
                let page = try client.get("/v1/locks?limit=10" + query).json
                let locks = try #require(page["locks"]?.array)
                #expect(locks.count <= 10)
                ids += locks.compactMap { $0["conversation_id"]?.string }
                guard let next = page["next_cursor"]?.string else {
                    #expect(page["next_cursor"] == .null)
                    break
                }
                query = "&cursor=\(next)"
                try client.ticket("b\(pageNumber)")
            }
            #expect(Set(ids).count == ids.count)
            #expect(ids.prefix(25) == (0..<25).map { "a\($0)" }[...])
        }
    }

    @Test("The listing has 100 locks unless another limit is asked for, and never more than 1000")
    func pageLimits() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for number in 0..<1_001 { try client.ticket("a\(number)") }
            let first = try client.get("/v1/locks").json
            #expect(first["locks"]?.array?.count == 100)
            #expect(first["next_cursor"] == "100")
            let all = try client.get("/v1/locks?limit=1000").json
            #expect(all["locks"]?.array?.count == 1_000)
            let rest = try client.get("/v1/locks?limit=1000&cursor=1000").json
            #expect(rest["locks"]?.array?.count == 1)
            #expect(rest["next_cursor"] == .null)
            #expect(try client.get("/v1/locks?limit=1").json["locks"]?.array?.count == 1)
            for limit in ["0", "1001"] {
                try expectProblem(
                    try client.get("/v1/locks?limit=\(limit)"), 400, "invalid_limit", field: "limit")
            }
        }
    }

    @Test("The listing goes by prefix, byte by byte, and an empty service has an empty page")
    func prefix() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            #expect(try client.get("/v1/locks").text == #"{"locks":[],"next_cursor":null}"#)
            for id in ["ab", "abc", "b", "é", "a/b"] { try client.ticket(id) }
            func found(_ prefix: String) throws -> [String]? {
                try client.get("/v1/locks?prefix=\(prefix)").json["locks"]?.array?
                    .compactMap { $0["conversation_id"]?.string }
            }
            #expect(try found("ab") == ["ab", "abc"])
            #expect(try found("a%2F") == ["a/b"])
            #expect(try found("%C3%A9") == ["é"])
            #expect(try found("*") == [])
            #expect(try found("")?.count == 5)
            #expect(try found(String(repeating: "x", count: 512)) == [])
            let long = try client.get("/v1/locks?prefix=\(String(repeating: "x", count: 513))")
            try expectProblem(long, 400, "invalid_prefix", field: "prefix")
            let last = try client.get("/v1/locks?cursor=9007199254740991")
            #expect(last.text == #"{"locks":[],"next_cursor":null}"#)
        }
    }
}
