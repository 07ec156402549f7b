import HTTPServer
import Support
import Testing
import TicketLock

@Suite struct FuzzTests {
    private static let names = ["issue-ticket", "acquire", "wait", "extend", "finish-serving", "cleanup"]
    private static let pieces = [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "\\ud800", "\\udc00", "\\u0000", "null", "true", "1",
        "-", "1e400",
        "0.5", "9007199254740993", "conversation_id", "ticket", "token", "lifetime", "timeout", "\u{FEFF}",
        "\u{0}", "é", " ",
        "\n", "\u{1F600}", "\"conversation_id\":\"ada\"", "\"ticket\":0", "\"timeout\":0", "//", "'", "NaN",
    ]

    /// A good body with some bytes changed, or a heap of pieces.
    private func body(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        guard Bool.random(using: &random) else {
            let count = Int.random(in: 0...30, using: &random)
            return (0..<count).flatMap { _ in Array((Self.pieces.randomElement(using: &random) ?? "").utf8) }
        }
        var body = Array(#"{"conversation_id":"ada","ticket":0,"timeout":0,"lifetime":1}"#.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<body.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: body[place] = UInt8.random(in: 0 ... .max, using: &random)
            case 1: body.insert(UInt8.random(in: 0 ... .max, using: &random), at: place)
            case 2:
                body.insert(contentsOf: Self.pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: place)
            default: if body.count > 1 { body.remove(at: place) }
            }
        }
        return body
    }

    @Test(
        "Whatever the body, the answer is well-formed, below 500 and a problem unless it is a success",
        arguments: SeededRandom.seeds(2))
    func bodies(seed: UInt64) async throws {
        print("FuzzTests.bodies: seed \(seed)")
        // Nobody waits, though a body may be good by chance.
        var limits = LockLimits()
        limits.maxWait = .zero
        try await TestService.with(limits) { service in
            var random = SeededRandom(seed: seed)
            let client = try service.connect()
            for round in 0..<1_500 {
                let body = body(&random)
                let name = Self.names[round % Self.names.count]
                try client.sendRequest("POST", "/v1/\(name)", ["Content-Type: application/json"], body: body)
                let response = try client.response()
                let json = try response.json
                if response.status >= 400 {
                    try expectProblem(
                        response, response.status, json["code"]?.string ?? "", field: json["field"]?.string,
                        "seed \(seed)")
                }
                try #require(response.status < 500, "seed \(seed), round \(round): \(body)")
            }
            #expect(try client.get("/healthz").status == 200)
        }
    }

    @Test(
        "Whatever the bytes of a request, the next caller is served",
        arguments: SeededRandom.seeds(2))
    func bytes(seed: UInt64) async throws {
        print("FuzzTests.bytes: seed \(seed)")
        try await TestService.with { service in
            var random = SeededRandom(seed: seed)
            for _ in 0..<300 {
                var request = Array(
                    ("POST /v1/issue-ticket?a=b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        + "Content-Length: 25\r\n\r\n{\"conversation_id\":\"ada\"}").utf8)
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let place = Int.random(in: 0..<request.count, using: &random)
                    if Bool.random(using: &random) {
                        request[place] = UInt8.random(in: 0 ... .max, using: &random)
                    } else {
                        request.remove(at: place)
                    }
                }
                let client = try service.connect()
                _ = try client.sendIfOpen(request)
                if Bool.random(using: &random) { client.finishSending() }
                client.close()
            }
            #expect(try service.connect().get("/healthz").status == 200)
            // Callers that have gone hold nothing.
            try await eventually("all others are gone") { await service.http.server.counts.connections <= 1 }
        }
    }
}
