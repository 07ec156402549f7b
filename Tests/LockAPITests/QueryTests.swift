import Support
import Testing

@Suite struct QueryTests {
    @Test(
        "A query's escapes are undone, and + is a space",
        arguments: [
            ("ada", "ada"), ("%61da", "ada"), ("a+b", "a b"), ("a%20b", "a b"), ("a%2Bb", "a+b"),
            ("a/b:c*d?e", "a/b:c*d?e"),
            ("a%2Fb%3Ac%2A", "a/b:c*"), ("%F0%9F%98%80", "\u{1F600}"), ("%f0%9f%98%80", "\u{1F600}"),
            ("a=b", "a=b"),
            ("a%26b%3Dc", "a&b=c"), ("%25", "%"), ("%0A%01", "\n\u{1}"), ("a%23b", "a#b"),
            ("..%2F..", "../.."),
        ])
    func escapes(sent: String, id: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let response = try client.get("/v1/is-waiting?conversation_id=\(sent)")
            #expect(response.status == 200)
            #expect(try response.json["conversation_id"]?.string.map { Array($0.utf8) } == Array(id.utf8))
        }
    }

    @Test("Bytes beyond ASCII may be sent as they are when they are UTF-8")
    func rawUTF8() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            #expect(try client.get("/v1/is-waiting?conversation_id=é").json["conversation_id"] == "é")
        }
    }

    @Test(
        "What is wrong with a value is said with its parameter's name",
        arguments: [
            ("conversation_id=", "invalid_conversation_id"), ("conversation_id", "invalid_conversation_id"),
            ("conversation_id=%", "invalid_conversation_id"),
            ("conversation_id=%4", "invalid_conversation_id"),
            ("conversation_id=%zz", "invalid_conversation_id"),
            ("conversation_id=a%2", "invalid_conversation_id"),
            ("conversation_id=%00", "invalid_conversation_id"),
            ("conversation_id=a%00b", "invalid_conversation_id"),
            ("conversation_id=%FF", "invalid_conversation_id"),
            ("conversation_id=%C0%80", "invalid_conversation_id"),
            ("conversation_id=%ED%A0%80", "invalid_conversation_id"),
            ("conversation_id=%+1", "invalid_conversation_id"),
            ("conversation_id=ada&conversation_id=ada", "invalid_field"),
            ("conversation_id=ada&conversation%5Fid=bob", "invalid_field"),
        ])
    func badID(query: String, code: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            try client.ticket()
            let before = try client.listing()
            for (method, path) in [("GET", "is-waiting"), ("GET", "lock"), ("DELETE", "lock")] {
                let response = try client.call(method, "/v1/\(path)?\(query)")
                try expectProblem(response, 400, code, field: "conversation_id", "\(method) \(path)")
            }
            #expect(try client.listing() == before)
        }
    }

    @Test(
        "A parameter that the request does not have is refused by name",
        arguments: [
            ("/v1/lock?conversation_id=ada&x=1", "x"), ("/v1/lock?ticket=1", "ticket"),
            ("/v1/locks?lim%69ts=1", "limits"),
            ("/v1/locks?conversation_id=ada", "conversation_id"), ("/healthz?x", "x"), ("/metrics?a=b", "a"),
            ("/?=", ""),
            ("/readyz?%C3%A9", "é"), ("/version?conversation_id=ada", "conversation_id"),
        ])
    func unknown(target: String, name: String) async throws {
        try await TestService.with { service in
            try expectProblem(try service.connect().get(target), 400, "invalid_field", field: name)
        }
    }

    @Test("A parameter's name that cannot be read is refused", arguments: ["%", "%FF=1", "%zz=1"])
    func badName(query: String) async throws {
        try await TestService.with { service in
            try expectProblem(try service.connect().get("/v1/locks?\(query)"), 400, "invalid_field")
        }
    }

    @Test("A request with a body takes no parameters, so that none is overlooked")
    func queryOfPost() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let response = try client.post("issue-ticket?lifetime=5", #"{"conversation_id":"ada"}"#)
            try expectProblem(response, 400, "invalid_field", field: "lifetime")
            #expect(try client.listing()["locks"] == [])
        }
    }

    @Test(
        "A limit and a cursor are plain integers within their range",
        arguments: [
            ("limit=0", false), ("limit=1", true), ("limit=1000", true), ("limit=1001", false),
            ("limit=-1", false),
            ("limit=%2B1", false), ("limit=1.0", false), ("limit=1e1", false), ("limit=0x1", false),
            ("limit=", false),
            ("limit=a", false), ("limit=+1", false), ("limit=99999999999999999999", false),
            ("cursor=0", true),
            ("cursor=9007199254740991", true), ("cursor=9007199254740992", false), ("cursor=-1", false),
            ("cursor=x", false),
            ("cursor=", false), ("cursor=9223372036854775808", false), ("limit=1&limit=1", nil),
        ] as [(String, Bool?)])
    func integers(query: String, isGood: Bool?) async throws {
        try await TestService.with { service in
            let response = try service.connect().get("/v1/locks?\(query)")
            let name = try #require(query.split(separator: "=").first.map(String.init))
            switch isGood {
            case true?: #expect(response.status == 200)
            case false?: try expectProblem(response, 400, "invalid_\(name)", field: name)
            case nil: try expectProblem(response, 400, "invalid_field", field: name)
            }
        }
    }
}
