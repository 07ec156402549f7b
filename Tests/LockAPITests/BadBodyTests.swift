import Support
import Testing

@Suite struct BadBodyTests {
    /// Sends bodies that must be refused, and looks whether anything has changed.
    private func refused(
        _ bodies: [[UInt8]], status: Int = 400, code: String = "invalid_json", field: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for _ in 0..<2 { try client.ticket() }
            let before = try client.listing()
            for name in ["issue-ticket", "acquire", "wait", "extend", "finish-serving", "cleanup"] {
                for body in bodies {
                    try client.sendRequest(
                        "POST", "/v1/\(name)", ["Content-Type: application/json"], body: body)
                    try expectProblem(
                        try client.response(), status, code, field: field,
                        "\(name) \(String(decoding: body, as: UTF8.self).debugDescription)",
                        sourceLocation: sourceLocation)
                }
            }
            #expect(try client.listing() == before, sourceLocation: sourceLocation)
        }
    }

    @Test("A body cut off at any byte is refused")
    func truncated() async throws {
        let body = Array(#"{"conversation_id": "\u00e9\ud83d\ude00x", "lifetime": 1.5e1}"#.utf8)
        try await refused((0..<body.count).map { Array(body[..<$0]) })
    }

    @Test(
        "What is not exactly one JSON object is refused",
        arguments: [
            "", " ", "\n", "null", "true", "1", "\"ada\"", "[]", #"[{"conversation_id":"ada"}]"#,
            #"{"conversation_id":"ada"}x"#, #"{"conversation_id":"ada"}{}"#, #"{"conversation_id":"ada"},"#,
            #"{"conversation_id":"ada"}]"#, "{\"conversation_id\":\"ada\"}\u{0}",
            "\u{FEFF}{\"conversation_id\":\"ada\"}", #"{"conversation_id":"ada",}"#,
            #"{,"conversation_id":"ada"}"#,
            #"{"conversation_id" "ada"}"#, #"{"conversation_id":}"#, #"{conversation_id:"ada"}"#,
            "{'conversation_id':'ada'}", #"{"conversation_id":'ada'}"#, #"{"conversation_id":ada}"#,
            #"/* a */{"conversation_id":"ada"}"#, "{\"conversation_id\":\"ada\"} // a", "# a\n{}",
            #"{"conversation_id":"ada" "lifetime":1}"#, #"{"conversation_id":"a\q"}"#,
            #"{"conversation_id":"\u12"}"#,
            #"{"conversation_id":"\uZZZZ"}"#, #"{"conversation_id":"\x41"}"#,
            "{\"conversation_id\":\"a\nb\"}",
            "{\"conversation_id\":\"a\tb\"}", "{\"conversation_id\":\"a\u{0}b\"}", "conversation_id=ada",
            "<a/>",
        ])
    func malformed(body: String) async throws {
        try await refused([Array(body.utf8)])
    }

    @Test(
        "Numbers that JSON does not have are refused",
        arguments: [
            "NaN", "nan", "Infinity", "-Infinity", "inf", "01", "-01", "+1", ".5", "1.", "-", "1e", "1e+",
            "0x10", "1_000",
            "1,5", "--1", "1e400x", "18446744073709551616-", "018446744073709551616", "TRUE", "nil",
            "undefined",
        ])
    func numbers(number: String) async throws {
        try await refused([
            Array("{\"conversation_id\":\"ada\",\"lifetime\":\(number)}".utf8),
            Array("{\"conversation_id\":\"ada\",\"ticket\":\(number)}".utf8),
        ])
    }

    @Test("A byte order mark is named")
    func byteOrderMark() async throws {
        try await TestService.with { service in
            let response = try service.connect().post("issue-ticket", "\u{FEFF}{\"conversation_id\":\"ada\"}")
            try expectProblem(response, 400, "invalid_json")
            #expect(try response.json["detail"]?.string?.contains("byte order mark") == true)
        }
    }

    @Test(
        "Bytes that are not UTF-8 are refused, in values and in names",
        arguments: [
            [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF],
            [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xC3],
            [0xE2, 0x82],
            [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) async throws {
        try await refused([
            Array("{\"conversation_id\":\"a".utf8) + bytes + Array("\"}".utf8),
            Array("{\"conversation_id\":\"ada\",\"a".utf8) + bytes + Array("\":1}".utf8),
        ])
    }

    @Test(
        "A surrogate without its other half is refused, in values and in names",
        arguments: [
            #"\ud800"#, #"\udbff"#, #"\udc00"#, #"\udfff"#, #"\udc00\ud800"#, #"\ud800\ud800"#, #"\ud800A"#,
            #"\ud800\n"#,
            #"\ud83d\u0041"#,
        ])
    func loneSurrogates(text: String) async throws {
        try await refused([Array(#"{"conversation_id":"a\#(text)"}"#.utf8)])
        try await refused([Array(#"{"a\#(text)":1,"conversation_id":"ada"}"#.utf8)])
    }

    @Test("Nesting is refused, however deep")
    func nesting() async throws {
        func nested(_ depth: Int) -> [UInt8] {
            let open = String(repeating: "[", count: depth)
            let close = String(repeating: "]", count: depth)
            return Array("{\"conversation_id\":\(open)\(close)}".utf8)
        }
        try await refused(
            [nested(1), nested(2), nested(500)], code: "invalid_conversation_id", field: "conversation_id")
        try await refused([nested(2_000), nested(8_000)])
        try await refused([[UInt8](repeating: UInt8(ascii: "["), count: 16_000)])
        try await refused([Array(String(repeating: #"{"a":"#, count: 3_000).utf8)])
    }

    @Test("A name given twice is refused, whatever its values", arguments: ["\"ada\"", "\"bob\""])
    func duplicates(value: String) async throws {
        let body = #"{"conversation_id":"ada","conversation_id":\#(value)}"#
        let escaped = #"{"conversation_id":"ada","conversation\u005fid":\#(value)}"#
        try await refused(
            [Array(body.utf8), Array(escaped.utf8)], code: "invalid_field", field: "conversation_id")
    }

    @Test(
        "A name that the request does not have is refused by name",
        arguments: [
            "life_time", "conversationId", "Conversation_id", "conversation_id ", "", "__proto__", "a\"b",
            "é", "limit",
        ])
    func unknown(name: String) async throws {
        let escaped = name.replacing("\"", with: "\\\"")
        try await refused(
            [Array("{\"conversation_id\":\"ada\",\"\(escaped)\":1}".utf8)], code: "invalid_field", field: name
        )
    }

    @Test("More fields than any request has are refused")
    func tooManyFields() async throws {
        let fields = (0..<20).map { "\"conversation_id\":\($0)" }.joined(separator: ",")
        try await refused([Array("{\(fields)}".utf8)], code: "invalid_field")
    }
}
