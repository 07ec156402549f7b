import HTTPServer
import Support
import Testing

/// What RFC 9112 does not allow, or what two readers of the same bytes may read differently: one request could hide
/// in another (request smuggling).
@Suite struct FramingTests {
    /// A request of which `lines` are the headers, with a second request behind it.
    private static func post(_ lines: String, _ body: String = "", version: String = "HTTP/1.1") -> String {
        "POST /echo \(version)\r\nHost: a\r\n\(lines)\r\n\r\n\(body)GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    }

    private static let refused: [(text: String, status: Int)] = [
        // Content-Length
        (post("Content-Length: 2\r\nContent-Length: 2", "hi"), 400),
        (post("Content-Length: 2\r\nContent-Length: 30", "hi"), 400),
        (post("Content-Length: 2\r\ncontent-length: 2", "hi"), 400),
        (post("Content-Length: 2, 2", "hi"), 400), (post("Content-Length: +2", "hi"), 400),
        (post("Content-Length: 0x2", "hi"), 400), (post("Content-Length:", "hi"), 400),
        (post("Content-Length: 2 2", "hi"), 400), (post("Content-Length: two", "hi"), 400),
        (post("Content-Length: -1"), 400), (post("Content-Length: 18446744073709551618"), 413),
        (post("Content-Length : 2", "hi"), 400), (post("Content-Length\t: 2", "hi"), 400),
        (post("Content-Length: 2\r\n 0", "hi"), 400), (post("Content-Length:\r\n 2", "hi"), 400),
        (post("Content-Length: 2\u{0}0", "hi"), 400),
        // Transfer-Encoding
        (post("Content-Length: 2\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 2", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding: gzip", "0\r\n\r\n"), 501),
        (post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 501),
        (post("Transfer-Encoding: chunked, identity", "0\r\n\r\n"), 501),
        (post("Transfer-Encoding: identity", "hi"), 501), (post("Transfer-Encoding:", "0\r\n\r\n"), 501),
        (post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n"), 501),
        (post("Transfer-Encoding: xchunked", "0\r\n\r\n"), 501),
        (post("Transfer-Encoding: chunked", "0\r\n\r\n", version: "HTTP/1.0"), 400),
        (post("Transfer-Encoding : chunked", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding\r\n : chunked", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding: chunked\r\n x", "0\r\n\r\n"), 400),
        // Names, values and ends of lines
        (post("X Y: 1"), 400), (post(": 1"), 400), (post("X\u{0}: 1"), 400), (post("X(: 1"), 400),
        (post("\u{E9}: 1"), 400), (post("X: 1\u{0}2"), 400), (post("X: 1\u{D}2"), 400),
        (post("X: 1\r\n folded"), 400), (post("X: 1\r\n\tfolded"), 400), (post(" X: 1"), 400),
        (post("X: 1\nY: 2"), 400), (post("X: 1\n"), 400), (post("X: 1\r"), 400), (post("no colon"), 400),
        ("POST /echo HTTP/1.1\nHost: a\r\n\r\n", 400), ("POST /echo HTTP/1.1\nHost: a\n\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\n\n", 400), ("POST /echo HTTP/1.1\r\nHost: a\r\n\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\n\r\n", 400), ("POST /echo HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        // The request line
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET  /a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a  HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /a HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        ("GET /a\tHTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET\t/a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("G\u{0}T /a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a\u{0}HTTP/1.1\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a\u{0}?b&b&b HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("G(T /a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 400),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET\r\n\r\n", 400), ("GARBAGE\r\n", 400), ("GET /a\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\n", 400),
        // Host
        ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a b/c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", 400),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        // Others that may be there once
        (post("Content-Type: a\r\nContent-Type: b"), 400),
        (post("Idempotency-Key: a\r\nidempotency-key: a"), 400),
        (post("Authorization: a\r\nAuthorization: a"), 400), (post("Origin: a\r\nOrigin: a"), 400),
    ]

    @Test(
        "What is not HTTP gets one problem and the connection closed, whatever stands behind it",
        arguments: refused)
    func isRefused(text: String, status: Int) async throws {
        try await TestHandler.serving { server, _ in
            for pieces in [[text], text.unicodeScalars.map { String($0) }] {
                let client = try server.connect()
                for piece in pieces {
                    // Latin-1, so that a scalar is a byte.
                    guard
                        try client.sendIfOpen(
                            piece.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
                    else {
                        break
                    }
                }
                let response = try client.response()
                #expect(response.status == status, "\(response)")
                #expect(response.isProblem)
                #expect(response.closesConnection)
                #expect(try client.end() == .closed)
            }
        }
    }

    private static let taken: [(text: String, answer: String)] = [
        ("GET http://a/echo?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /echo?x=1 "),
        ("GET HTTP://A:80/echo HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET /echo "),
        ("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n", "GET / "),
        ("GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?x "),
        ("GET /echo??a&b HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /echo??a&b "),
        ("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /echo "),
        ("GET /echo HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", "GET /echo "),
        ("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "OPTIONS * "),
        ("\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n", "GET /echo "),
        ("GET /echo HTTP/1.1\r\nHost:a\t\r\nX:\r\nY: \u{1}\t \r\n\r\n", "GET /echo "),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2 \r\n\r\nhi", "POST /echo hi"),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0002\r\n\r\nhi", "POST /echo hi"),
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked \r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            "POST /echo hi"
        ),
        ("GET /%41?\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%41?\u{FFFD} "),
    ]

    @Test("What is HTTP is taken, in one piece and byte by byte", arguments: taken)
    func isTaken(text: String, answer: String) async throws {
        try await TestHandler.serving { server, _ in
            for pieces in [[text], text.unicodeScalars.map { String($0) }] {
                let client = try server.connect()
                for piece in pieces {
                    try client.send(piece.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
                }
                let response = try client.response()
                #expect(response.text == answer)
                guard !response.closesConnection else { continue }
                try client.sendRequest("GET", "/again")
                #expect(try client.response().text == "GET /again ")
            }
        }
    }

    @Test(
        "After the last answer of a connection nothing more is said, whatever stands behind its request",
        arguments: [
            "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close",
            "GET /a HTTP/1.1\r\nHost: a\r\nConnection: x, Close", "GET /a HTTP/1.0",
            "GET /a HTTP/1.0\r\nConnection: x\u{1B}keep-alive", "GET /a HTTP/1.0\r\nConnection: a b",
        ])
    func behindTheLast(head: String) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.send(head + "\r\n\r\nGARBAGE\r\n\r\n")
            #expect(try client.response().text == "GET /a ")
            #expect(try client.end() == .closed)
        }
    }

    @Test(
        "Expect: 100-continue without a body is answered, and so is what stands behind it",
        arguments: ["", "Content-Length: 0\r\n"])
    func expectWithoutBody(length: String) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            let expecting = "POST /a HTTP/1.1\r\nHost: a\r\n\(length)Expect: 100-continue\r\n\r\n"
            try client.send(expecting + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.head().hasPrefix("HTTP/1.1 100 "))
            #expect(try client.response().text == "POST /a ")
            #expect(try client.response().text == "GET /b ")
        }
    }

    @Test(
        "Nothing behind a body in chunks is taken for a request: LF alone may end its lines for others only")
    func behindChunks() async throws {
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        for body in ["5;\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\n\n"] {
            try await TestHandler.serving { server, _ in
                let client = try server.connect()
                try client.sendRequest("POST", "/echo", ["Transfer-Encoding: chunked"])
                try client.send(body + smuggled)
                let response = try client.response()
                #expect(response.closesConnection)
                #expect(try client.end() == .closed)
            }
        }
    }
}
