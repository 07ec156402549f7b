import Support
import Testing

@Suite struct EscapingTests {
    /// As a JSON string that spells every UTF-16 unit out.
    private func escaped(_ text: String) -> String {
        let units = text.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"" + units.joined() + "\""
    }

    private static let ids =
        (1..<0x20).map { "a\(Character(Unicode.Scalar(UInt8($0))))b" }
        + [
            "\"", "\\", "/", "\\\"", "\"\\\\\"", "a\u{7F}b", "\u{80}", "\u{2028}\u{2029}", "\u{FEFF}",
            "\u{FFFD}", "\u{FFFF}",
            "\u{1F600}", "\u{10FFFF}", "e\u{301}", "\u{E9}", "日本語", "a b", " ", "a/b:c*d", "{\"a\":1}",
            "</script>", "%00", "+",
        ]

    @Test("An ID comes back as it was sent, in every answer, by escapes or by query", arguments: ids)
    func roundTrip(id: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let body = "{\"conversation_id\":\(escaped(id))}"
            let query = "?conversation_id=" + id.utf8.map { "%" + String($0, radix: 16).leftPadded }.joined()
            let answers = try [
                client.post("issue-ticket", body), client.call("PUT", "/v1/lock", body),
                client.get("/v1/lock" + query), client.get("/v1/is-waiting" + query),
                client.call("DELETE", "/v1/lock" + query), client.post("cleanup", body),
            ]
            for answer in answers {
                #expect(answer.status < 300)
                let returned = try #require(try answer.json["conversation_id"]?.string)
                #expect(Array(returned.utf8) == Array(id.utf8))
                // Neither control characters nor anything else that a terminal or a line-wise reader acts on.
                #expect(answer.body.allSatisfy { $0 >= 0x20 })
            }
            #expect(try client.listing()["locks"] == [])
        }
    }

    @Test("IDs that only look alike are different conversations")
    func lookAlikes() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for id in [
                "e\u{301}", "\u{E9}", "é ", "E\u{301}", "ﬁ", "fi", "A", "Α", "a", "a\u{200D}", "a\u{FE0F}",
            ] {
                let response = try client.post("issue-ticket", "{\"conversation_id\":\(escaped(id))}")
                #expect(try response.json["position"] == 0, "\(id)")
            }
        }
    }

    @Test("What a problem quotes is escaped and cut short")
    func problems() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let id = String(repeating: "\\u0001\\\"", count: 500)
            let response = try client.post("issue-ticket", "{\"conversation_id\":\"\(id)\"}")
            try expectProblem(response, 400, "invalid_conversation_id", field: "conversation_id")
            #expect(response.body.allSatisfy { $0 >= 0x20 })
            #expect(response.body.count < 1_500)
        }
    }
}

extension String {
    fileprivate var leftPadded: String { count == 1 ? "0" + self : self }
}
