import HTTPServer
import Support
import Testing

@Suite struct KeepAliveTests {
    @Test("A connection is kept from request to request")
    func keepsConnection() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            for number in 0..<100 {
                try client.sendRequest("GET", "/echo/\(number)")
                #expect(try client.response().text == "GET /echo/\(number) ")
            }
            #expect(await server.server.counts.connections == 1)
        }
    }

    @Test("A connection is closed after the answer when its caller asks for it")
    func closesOnRequest() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.sendRequest("GET", "/echo", ["Connection: close"])
            let response = try client.response()
            #expect(response.status == 200)
            #expect(response.closesConnection)
            #expect(try client.end() == .closed)
        }
    }

    @Test(
        "HTTP/1.0 is answered, and its connection closed unless it asks to keep it", arguments: [false, true])
    func http10(isKept: Bool) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            let header = isKept ? "Connection: keep-alive\r\n" : ""
            try client.send("GET /echo HTTP/1.0\r\n\(header)\r\n")
            #expect(try client.response().text == "GET /echo ")
            guard isKept else {
                #expect(try client.end() == .closed)
                return
            }
            try client.sendRequest("GET", "/again")
            #expect(try client.response().status == 200)
        }
    }

    @Test("HEAD is answered with the length of the body and without it")
    func head() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.sendRequest("HEAD", "/big/1000")
            let response = try client.response(toHead: true)
            #expect(response.status == 200)
            #expect(try response.contentLength == 1000)
            try client.sendRequest("GET", "/echo")
            #expect(try client.response().text == "GET /echo ")
        }
    }

    @Test(
        "Every answer has one Content-Length, also an empty one and a large one",
        arguments: [0, 1, 100_000, 4_000_000])
    func contentLength(length: Int) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            for _ in 0..<3 {
                try client.sendRequest("GET", "/big/\(length)")
                #expect(try client.response().body.count == length)
            }
        }
    }

    @Test("A request is understood however its bytes are cut", arguments: [1, 2, 7])
    func pieces(size: Int) async throws {
        var limits = HTTPLimits()
        // On a busy machine a turn of the loop for each piece takes long.
        limits.requestTimeout = .seconds(600)
        try await TestHandler.serving(limits) { server, _ in
            let client = try server.connect()
            let request = Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".utf8)
            for start in stride(from: 0, to: request.count, by: size) {
                try client.send(request[start..<min(start + size, request.count)])
                // Another turn of the loop, so that the pieces arrive apart.
                _ = await server.server.counts
            }
            #expect(try client.response().text == "POST /echo hello")
        }
    }
}
