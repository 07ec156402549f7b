import HTTPServer
import Support
import Testing

@Suite struct BodyTests {
    @Test("Expect: 100-continue is answered before the body is sent")
    func expectContinue() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.sendRequest("POST", "/echo", ["Expect: 100-continue", "Content-Length: 5"])
            #expect(try client.head().hasPrefix("HTTP/1.1 100 Continue\r\n"))
            try client.send("hello")
            #expect(try client.response().text == "POST /echo hello")
            try client.sendRequest("GET", "/again")
            #expect(try client.response().status == 200)
        }
    }

    @Test("Expect: 100-continue with a body too large is answered 413 instead")
    func expectTooLarge() async throws {
        var limits = HTTPLimits()
        limits.bodyBytesMax = 100
        try await TestHandler.serving(limits) { server, handler in
            let client = try server.connect()
            try client.sendRequest("POST", "/park/a", ["Expect: 100-continue", "Content-Length: 101"])
            let response = try client.response()
            #expect(response.status == 413)
            #expect(response.isProblem)
            #expect(response.closesConnection)
            #expect(try client.end() == .closed)
            #expect(await handler.events.isEmpty)
        }
    }

    @Test(
        "A chunked body is put together, whatever its chunks and however they are cut",
        arguments: [1, 3, 1_000])
    func chunked(size: Int) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.sendRequest("POST", "/echo", ["Transfer-Encoding: chunked"])
            let body = Array("1\r\nh\r\n3;name=value\r\nell\r\n0001\r\no\r\n00\r\n\r\n".utf8)
            for start in stride(from: 0, to: body.count, by: size) {
                try client.send(body[start..<min(start + size, body.count)])
                _ = await server.server.counts
            }
            #expect(try client.response().text == "POST /echo hello")
        }
    }

    @Test("A body that comes in pieces is its own, whoever sends one in between")
    func interleaved() async throws {
        try await TestHandler.serving { server, _ in
            let other = try server.connect()
            for headers in [
                ["Content-Length: 10"], ["Transfer-Encoding: chunked"],
            ] {
                let isChunked = headers[0].hasPrefix("Transfer")
                let client = try server.connect()
                try client.sendRequest("POST", "/echo", headers)
                try client.send(isChunked ? "5\r\nhello\r\n" : "hello")
                _ = await server.server.counts
                try other.sendRequest("POST", "/echo", body: Array("HELLO".utf8))
                #expect(try other.response().text == "POST /echo HELLO")
                try client.send(isChunked ? "5\r\n, you\r\n0\r\n\r\n" : ", you")
                #expect(try client.response().text == "POST /echo hello, you", "\(headers)")
            }
        }
    }

    @Test("A body in a thousand chunks arrives whole")
    func manyChunks() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.sendRequest("POST", "/length", ["Transfer-Encoding: chunked"])
            try client.send(String(repeating: "5\r\nhello\r\n", count: 1_000) + "0\r\n\r\n")
            #expect(try client.response().text == "5000")
        }
    }

    @Test("Trailers of a chunked body are read away, and its connection ends with its answer")
    func trailers() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.sendRequest("POST", "/echo", ["Transfer-Encoding: chunked"])
            try client.send("2\r\nhi\r\n0\r\nExpires: never\r\nX-Other: 1\r\n\r\n")
            let response = try client.response()
            #expect(response.text == "POST /echo hi")
            #expect(response.closesConnection)
            #expect(try client.end() == .closed)
        }
    }

    @Test(
        "A chunk size that is no hexadecimal number ends the connection, and the request is not handed over",
        arguments: [
            "x\r\n", "-1\r\n", "\r\n", "g0\r\n", "ffffffffffffffffff\r\n", "2 2\r\nhi\r\n",
            "2\r\nhixx0\r\n\r\n",
        ])
    func badChunk(chunk: String) async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try client.sendRequest("POST", "/park/a", ["Transfer-Encoding: chunked"])
            try client.send(chunk + "0\r\n\r\n")
            let response = try client.response()
            #expect(response.status == 400 || response.status == 413)
            #expect(response.isProblem)
            _ = try client.end()
            #expect(await handler.events.isEmpty)
        }
    }

    @Test("A body of the largest size is taken, with a length and in chunks", arguments: [false, true])
    func largest(isChunked: Bool) async throws {
        var limits = HTTPLimits()
        limits.bodyBytesMax = 5_000
        try await TestHandler.serving(limits) { server, _ in
            for size in [4_999, 5_000] {
                let client = try server.connect()
                try send(bytes: size, isChunked: isChunked, client)
                #expect(try client.response().text == "\(size)")
            }
        }
    }

    @Test("A body one byte too long is answered 413 and the connection goes on", arguments: [false, true])
    func oneTooLarge(isChunked: Bool) async throws {
        var limits = HTTPLimits()
        limits.bodyBytesMax = 5_000
        try await TestHandler.serving(limits) { server, _ in
            let client = try server.connect()
            try send(bytes: 5_001, isChunked: isChunked, client)
            let response = try client.response()
            #expect(response.status == 413)
            #expect(response.isProblem)
            #expect(try response.json == ["status": 413])
            guard !response.closesConnection else { return }
            try client.sendRequest("GET", "/again")
            #expect(try client.response().status == 200)
        }
    }

    @Test("A body that never ends is answered 413 and cut off", arguments: [false, true])
    func endless(isChunked: Bool) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            let length = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 18446744073709551615"
            try client.sendRequest("POST", "/echo", [length])
            let text =
                isChunked
                ? "400\r\n" + String(repeating: "x", count: 1024) + "\r\n"
                : String(repeating: "x", count: 1024)
            let piece = Array(text.utf8)
            var sentBytes = 0
            while try client.sendIfOpen(piece) {
                sentBytes += piece.count
                try #require(sentBytes < 64 << 20, "it is never cut off")
            }
            try await server.untilConnections(are: 0)
        }
    }

    @Test("A caller of a body that never ends can read why, while it still sends")
    func endlessAnswer() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.sendRequest("POST", "/echo", ["Content-Length: 10000000"])
            for _ in 0..<100 { try client.send([UInt8](repeating: 120, count: 1024)) }
            let response = try client.response()
            #expect(response.status == 413)
            #expect(response.closesConnection)
        }
    }

    @Test("The limit for bodies can be changed while the server runs")
    func changedLimit() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            await server.server.setBodyBytesMax(10)
            try send(bytes: 11, isChunked: false, client)
            #expect(try client.response().status == 413)
            await server.server.setBodyBytesMax(11)
            let other = try server.connect()
            try send(bytes: 11, isChunked: false, other)
            #expect(try other.response().text == "11")
        }
    }

    private func send(bytes count: Int, isChunked: Bool, _ client: RawHTTPClient) throws {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: count)
        guard isChunked else { return try client.sendRequest("POST", "/length", body: body) }
        try client.sendRequest("POST", "/length", ["Transfer-Encoding: chunked"])
        let half = count / 2
        try client.send("\(String(half, radix: 16))\r\n")
        try client.send(body[..<half])
        try client.send("\r\n\(String(count - half, radix: 16))\r\n")
        try client.send(body[half...])
        try client.send("\r\n0\r\n\r\n")
    }
}
