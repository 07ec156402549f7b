import Support
import Testing

@Suite struct FieldTests {
    struct Field: CustomTestStringConvertible {
        let name: String
        let request: String
        var others = ""
        let good: [String]
        let bad: [String]
        var testDescription: String { "\(name) of \(request)" }
    }

    private static let wrongTypes = [
        "\"1\"", "\"\"", "true", "false", "null", "[]", "[1]", "{}", "{\"a\":1}",
    ]
    /// Which simdjson does not read.
    private static let huge = [
        "1e400", "-1e400", "1.5E+309", "18446744073709551616", "-9223372036854775809",
        String(repeating: "9", count: 400),
    ]
    private static let integers = Field(
        name: "ticket", request: "finish-serving",
        good: ["0", "1", "1.0", "1e3", "-0", "-0.0", "9007199254740991", "9007199254740991.0"],
        bad: wrongTypes + huge + [
            "-1", "0.5", "1e-1", "-1.0", "9007199254740992", "9007199254740993", "9223372036854775807",
            "9223372036854775808", "18446744073709551615", "1e300", "-1e300",
        ])
    private static let lifetimes = Field(
        name: "lifetime", request: "issue-ticket",
        good: ["1", "1.0", "0.001", "1e-9", "1e-300", "3600", "3600.0", "3.6e3"],
        bad: wrongTypes + huge + [
            "0", "-0", "0.0", "-0.0", "1e-400", "-1", "-1e-9", "3600.000001", "3601", "1e300",
            "9007199254740993",
            "18446744073709551615",
        ])
    private static let timeouts = Field(
        name: "timeout", request: "wait", others: ",\"ticket\":0",
        good: ["0", "-0", "-0.0", "0.5", "1e-400", "300", "3e2"],
        bad: wrongTypes + huge + ["-1", "-1e-9", "300.000001", "301", "1e300", "18446744073709551615"])

    static let fields = [
        integers,
        Field(
            name: "token", request: "finish-serving", others: ",\"ticket\":99", good: integers.good,
            bad: integers.bad),
        Field(name: "ticket", request: "cleanup", good: integers.good, bad: integers.bad),
        lifetimes,
        Field(name: "lifetime", request: "acquire", good: ["1", "3600"], bad: lifetimes.bad),
        Field(
            name: "lifetime", request: "extend", others: ",\"ticket\":0", good: lifetimes.good,
            bad: lifetimes.bad),
        timeouts,
        Field(name: "timeout", request: "acquire", good: ["0", "300"], bad: timeouts.bad),
    ]

    @Test("A number is taken up to its edges, and refused by its field's name beyond", arguments: fields)
    func numbers(field: Field) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            func call(_ id: String, _ value: String) throws -> RawHTTPResponse {
                try client.post(
                    field.request, "{\"conversation_id\":\"\(id)\",\"\(field.name)\":\(value)\(field.others)}"
                )
            }
            for (number, value) in field.good.enumerated() {
                if field.request != "acquire" { try client.ticket("a\(number)") }
                #expect(try call("a\(number)", value).status < 300, "\(value)")
            }
            try client.ticket()
            let before = try client.listing()
            for value in field.bad {
                let response = try call("ada", value)
                try expectProblem(response, 400, "invalid_\(field.name)", field: field.name, value)
                #expect(try response.json["detail"]?.string?.contains(field.name) == true)
            }
            #expect(try client.listing() == before)
        }
    }

    @Test("What must be there is asked for by name")
    func missing() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for name in ["issue-ticket", "acquire", "wait", "extend", "finish-serving", "cleanup"] {
                let response = try client.post(name, "{}")
                try expectProblem(response, 400, "invalid_conversation_id", field: "conversation_id", name)
            }
            try expectProblem(
                try client.call("PUT", "/v1/lock", "{}"), 400, "invalid_conversation_id",
                field: "conversation_id")
            for name in ["wait", "extend", "finish-serving"] {
                let response = try client.post(name, #"{"conversation_id":"ada"}"#)
                try expectProblem(response, 400, "invalid_ticket", field: "ticket", name)
            }
            for (method, path) in [("GET", "is-waiting"), ("GET", "lock"), ("DELETE", "lock")] {
                let response = try client.call(method, "/v1/\(path)")
                try expectProblem(response, 400, "invalid_conversation_id", field: "conversation_id", path)
            }
        }
    }

    @Test(
        "An ID has 1 to 512 bytes, however many characters that is, and no NUL",
        arguments: [
            ("x", 512, true), ("x", 513, false), ("x", 1, true), ("x", 0, false), ("é", 256, true),
            ("é", 257, false),
            ("\u{1F600}", 128, true), ("\u{1F600}", 129, false), ("e\u{301}", 170, true),
            ("e\u{301}", 171, false),
        ])
    func idLength(character: String, count: Int, isGood: Bool) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let id = String(repeating: character, count: count)
            let response = try client.post("issue-ticket", "{\"conversation_id\":\"\(id)\"}")
            let escaped = id.utf8.map { "%" + String($0, radix: 16) }.joined()
            let query = try client.get("/v1/is-waiting?conversation_id=\(escaped)")
            if isGood {
                #expect(response.status == 201)
                #expect(try query.json["is_someone_waiting"] == true)
            } else {
                for answer in [response, query] {
                    try expectProblem(answer, 400, "invalid_conversation_id", field: "conversation_id")
                }
                #expect(try client.listing()["locks"] == [])
            }
        }
    }

    @Test(
        "An ID of another kind, or with a NUL in it, is refused",
        arguments: [
            "1", "true", "null", "[]", "{}", "[\"ada\"]", #""\u0000""#, #""a\u0000b""#, #""ada\u0000""#,
        ])
    func badID(value: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let body = "{\"conversation_id\":\(value)}"
            for response in [try client.post("issue-ticket", body), try client.call("PUT", "/v1/lock", body)]
            {
                try expectProblem(response, 400, "invalid_conversation_id", field: "conversation_id")
            }
            #expect(try client.listing()["locks"] == [])
        }
    }
}
