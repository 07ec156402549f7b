import HTTPServer
import Support
import Testing

@Suite struct PipeliningTests {
    @Test("Requests sent in one write are answered in their order", arguments: [2, 100, 5_000])
    func oneWrite(count: Int) async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            let requests = (0..<count).map { "GET /echo/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
            try client.send(requests.joined())
            for number in 0..<count {
                let text = try client.response().text
                guard text == "GET /echo/\(number) " else {
                    Issue.record("answer \(number) is \(text)")
                    return
                }
            }
        }
    }

    @Test("Requests with bodies sent in one write are told apart")
    func bodies() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.send(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
                    + "GET /b HTTP/1.1\r\nHost: a\r\n\r\nPUT /c HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
                    + "POST /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
            )
            let texts = try (0..<4).map { _ in try client.response().text }
            #expect(texts == ["POST /a one", "GET /b ", "PUT /c ", "POST /d two"])
        }
    }

    @Test("What is pipelined behind a parked request waits for its answer")
    func behindParked() async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try client.sendRequest("GET", "/park/a")
            try await handler.until("parked a")
            try client.sendRequest("GET", "/echo/behind")
            try client.sendRequest("GET", "/park/b")
            try client.sendRequest("GET", "/echo/last")
            #expect(await handler.events == ["parked a"])
            await handler.release("a")
            #expect(try client.response().text == "released a")
            #expect(try client.response().text == "GET /echo/behind ")
            try await handler.until("parked b")
            await handler.release("b")
            #expect(try client.response().text == "released b")
            #expect(try client.response().text == "GET /echo/last ")
        }
    }

    @Test("A hundred requests in one write may all be parked, one after the other")
    func allParked() async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try client.send((0..<100).map { "GET /park/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<100 {
                try await handler.until("parked \(number)")
                await handler.release("\(number)")
                #expect(try client.response().text == "released \(number)")
            }
        }
    }

    @Test("A caller that closes its side after its requests still gets the answers that need no waiting")
    func halfClosed() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.send((0..<100).map { "GET /echo/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            client.finishSending()
            for number in 0..<100 { #expect(try client.response().text == "GET /echo/\(number) ") }
        }
    }
}
