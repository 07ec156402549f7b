import HTTPServer
import Support
import Testing

/// Requests that are made to cost much.
@Suite struct ExhaustionTests {
    @Test(
        "Any number of arguments and cookies that fits the headers costs nothing",
        arguments: [180, 1_000, 3_900])
    func argumentsAndCookies(count: Int) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            let pairs = String(repeating: "a&", count: count)
            try client.send("GET /?\(pairs) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().text == "GET /?\(pairs) ")
            for cookie in [
                String(repeating: "a;", count: count), String(repeating: "a=", count: count),
                String(repeating: "x", count: 2 * count),
            ] {
                try client.send("GET /a HTTP/1.1\r\nHost: a\r\nCookie: \(cookie)\r\n\r\n")
                #expect(try client.response().text == "GET /a ")
            }
        }
    }

    @Test(
        "As many headers as fit are taken, and one byte more is 431, however short they are",
        arguments: [1, 100])
    func manyHeaders(length: Int) async throws {
        try await TestHandler.serving { server, _ in
            let start = "GET /a HTTP/1.1\r\nHost: a\r\n"
            let line = "\(String(repeating: "x", count: length)):\r\n"
            let count = (8_192 - start.utf8.count - 2) / line.utf8.count
            let client = try server.connect()
            try client.send(start + String(repeating: line, count: count) + "\r\n")
            #expect(try client.response().text == "GET /a ")
            try client.send(start + String(repeating: line, count: count + 1) + "\r\n")
            #expect(try client.response().status == 431)
        }
    }

    @Test(
        "A chunk's size line longer than all memory for it is refused, and the loop rests again",
        arguments: [10_900, 11_000, 11_100, 11_200, 11_300, 12_000, 14_000, 60_000])
    func longChunkSize(length: Int) async throws {
        try await TestHandler.serving { server, _ in
            var clients: [RawHTTPClient] = []
            for start in ["5;", "0", "1\r\nx\r\n5;"] {
                let client = try server.connect()
                try client.sendRequest("POST", "/echo", ["Transfer-Encoding: chunked"])
                let filler = start == "0" ? "0" : "x"
                _ = try client.sendIfOpen(Array((start + String(repeating: filler, count: length)).utf8))
                clients.append(client)
            }
            try await server.untilIdle()
            // One that still fits may go on.
            for client in clients where client.hasAnswer { #expect(try client.response().status == 400) }
            #expect(length < 11_264 || clients.allSatisfy(\.hasAnswer))
        }
    }

    @Test("A stuck request whose caller goes on sending does no harm to those that come after it")
    func stuckAndSending() async throws {
        try await TestHandler.serving { server, _ in
            for _ in 0..<20 {
                let stuck = try (0..<6).map { _ in
                    let client = try server.connect()
                    try client.sendRequest("POST", "/echo", ["Transfer-Encoding: chunked"])
                    _ = try client.sendIfOpen([UInt8](repeating: 0x61, count: 100_000))
                    return client
                }
                // Their connections go while bytes still arrive, and others take what they leave.
                for _ in 0..<10 {
                    for client in stuck { _ = try client.sendIfOpen([UInt8](repeating: 0x61, count: 1_000)) }
                    let other = try server.connect()
                    try other.sendRequest("GET", "/a")
                    #expect(try other.response().text == "GET /a ")
                }
            }
            try await server.untilIdle()
        }
    }

    @Test("A chunk's size line that fills the memory to the last byte does not keep the loop busy")
    func exactlyFull() async throws {
        try await TestHandler.serving { server, _ in
            var clients: [RawHTTPClient] = []
            for length in stride(from: 10_900, through: 11_264, by: 1) {
                let client = try server.connect()
                try client.sendRequest("POST", "/echo", ["Transfer-Encoding: chunked"])
                try client.send("5;" + String(repeating: "x", count: length))
                clients.append(client)
            }
            let other = try server.connect()
            try other.sendRequest("GET", "/a")
            #expect(try other.response().status == 200)
            try await server.untilIdle()
        }
    }

    @Test("A request that never ends gets 408 by request_timeout, wherever it stops and however it trickles")
    func requestTimeout() async throws {
        var limits = HTTPLimits()
        limits.requestTimeout = .milliseconds(300)
        try await TestHandler.serving(limits) { server, _ in
            let head = "POST /echo HTTP/1.1\r\nHost: a\r\n"
            for (start, piece) in [
                ("G", "E"), ("GET /", "x"), ("GET / HTTP/1.1\r\nX: ", "x"), (head, "X: y\r\n"),
                (head + "Content-Length: 1000\r\n\r\n", "x"),
                (head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
                (head + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"), (head + "\r\nG", "E"),
            ] {
                let client = try server.connect()
                try client.send(start)
                if start.hasSuffix("\r\n\r\nG") { #expect(try client.response().status == 200) }
                let start = ContinuousClock.now
                while ContinuousClock.now - start < .seconds(5), try client.sendIfOpen(Array(piece.utf8)) {
                    // The trickling is the real clock's.
                    try await Task.sleep(for: .milliseconds(20))
                    if client.hasAnswer { break }
                }
                try #require(client.hasAnswer, "\(piece)")
                let response = try client.response()
                #expect(response.status == 408)
                #expect(response.isProblem)
                #expect(response.closesConnection)
            }
        }
    }

    @Test(
        "A request in pieces that is whole in time is answered, and an idle connection is not ended by its timeout"
    )
    func inTime() async throws {
        var limits = HTTPLimits()
        limits.requestTimeout = .seconds(2)
        try await TestHandler.serving(limits) { server, _ in
            let client = try server.connect()
            // Longer idle than a request may take: the real clock's.
            try await Task.sleep(for: .milliseconds(2_500))
            for piece in ["GE", "T /a HTT", "P/1.1\r\nHo", "st: a\r\n", "\r\n"] { try client.send(piece) }
            #expect(try client.response().text == "GET /a ")
            try await Task.sleep(for: .milliseconds(2_500))
            try client.sendRequest("GET", "/b")
            #expect(try client.response().text == "GET /b ")
        }
    }

    @Test("An answer says how long its connection is kept when idle")
    func keepAlive() async throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .seconds(7)
        try await TestHandler.serving(limits) { server, _ in
            let client = try server.connect()
            for target in ["/a", "/big/100000"] {
                try client.sendRequest("GET", target)
                #expect(try client.response().header("keep-alive") == "timeout=7")
            }
        }
    }
}
