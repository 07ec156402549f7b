import HTTPServer
import Support
import Testing

@Suite struct RequestHeadTests {
    /// A request whose line and headers are `count` bytes together.
    private func request(bytes count: Int, target: String = "/echo", padded: String = "X-Padding: ") -> String
    {
        let start = "GET \(target) HTTP/1.1\r\nHost: a\r\n\(padded)"
        return start + String(repeating: "x", count: count - start.utf8.count - 4) + "\r\n\r\n"
    }

    @Test("Headers of the largest size are taken, and one byte more is 431", arguments: [512, 1_024, 8_192])
    func headerLimit(limit: Int) async throws {
        var limits = HTTPLimits()
        limits.headerBytesMax = limit
        try await TestHandler.serving(limits) { server, _ in
            let client = try server.connect()
            for size in [limit - 1, limit] {
                try client.send(request(bytes: size))
                #expect(try client.response().status == 200)
            }
            let other = try server.connect()
            try other.send(request(bytes: limit + 1))
            let response = try other.response()
            #expect(response.status == 431)
            #expect(response.isProblem)
            #expect(try response.json == ["status": 431])
        }
    }

    @Test("The largest headers are answered with a large body too, and behind other requests")
    func largestThenLarge() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            for _ in 0..<3 {
                try client.send(request(bytes: 200, target: "/echo"))
                try client.send(request(bytes: 8_192, target: "/big/1000000"))
                #expect(try client.response().status == 200)
                #expect(try client.response().body.count == 1_000_000)
            }
        }
    }

    @Test(
        "Headers that never end are refused and cut off",
        arguments: ["GET /", "GET / HTTP/1.1\r\nX: ", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"])
    func endless(start: String) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.send(start)
            let isLine = start.hasSuffix("\n")
            let piece = Array((isLine ? "X-Header: value\r\n" : String(repeating: "x", count: 100)).utf8)
            var sentBytes = 0
            while try client.sendIfOpen(piece) {
                sentBytes += piece.count
                try #require(sentBytes < 16 << 20, "it is never cut off")
            }
            try await server.untilConnections(are: 0)
        }
    }

    @Test(
        "Headers too large for any memory are answered before the end",
        arguments: [(true, 414), (false, 431)])
    func tooLargeAnswer(isTarget: Bool, status: Int) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            let long = String(repeating: "x", count: 20_000)
            try client.send(isTarget ? "GET /\(long)" : "GET / HTTP/1.1\r\nHost: a\r\nX: \(long)")
            let response = try client.response()
            #expect(response.status == status)
            #expect(response.isProblem)
            #expect(response.closesConnection)
        }
    }

    @Test(
        "What is no request of HTTP/1.1 is answered with a problem and the connection closed",
        arguments: [
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
            ("GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("GET / XTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n", 413),
            ("GET / HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n", 400),
        ])
    func malformed(text: String, status: Int) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.send(text)
            let response = try client.response()
            #expect(response.status == status)
            #expect(response.isProblem)
            #expect(try response.json == ["status": .number(Double(status))])
            #expect(response.closesConnection)
            #expect(try client.end() == .closed)
        }
    }

    @Test(
        "Bytes that make no sense disturb nobody else",
        arguments: [
            "\u{0}\u{1}\u{2}\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}", "GET\r\n\r\n",
            "\r\n\r\n\r\n\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\u{0}b\r\n\r\n",
            "GET /\u{0}x HTTP/1.1\r\nHost: a\r\n\r\n",
        ])
    func garbage(text: String) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.send(text)
            client.finishSending()
            // libmicrohttpd closes some of these without a word, once the connection has been idle.
            client.close()
            let other = try server.connect()
            try other.sendRequest("GET", "/echo")
            #expect(try other.response().status == 200)
        }
    }

    @Test("Header names are compared without case, and any method is handed over")
    func methods() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            for method in ["GET", "get", "TRACE", "PATCH", "X", String(repeating: "LONG", count: 100)] {
                try client.send("\(method) /echo HTTP/1.1\r\nhOST: a\r\ncontent-LENGTH: 2\r\n\r\nhi")
                #expect(try client.response().text == "\(method) /echo hi")
            }
        }
    }
}
