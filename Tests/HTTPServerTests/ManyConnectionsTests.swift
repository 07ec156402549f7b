import HTTPServer
import Support
import Testing

@Suite struct ManyConnectionsTests {
    @Test("A thousand parked requests over several shards are answered in one go")
    func thousandParked() async throws {
        try await TestHandler.serving { server, handler in
            let clients = try (0..<1_000).map { _ in try server.connect() }
            for (number, client) in clients.enumerated() { try client.sendRequest("GET", "/park/\(number)") }
            try await handler.untilParked(1_000)
            #expect(await server.server.counts.requests == 1_000)
            await handler.releaseAll()
            for (number, client) in clients.enumerated() {
                let text = try client.response().text
                guard text == "released \(number)" else {
                    Issue.record("caller \(number) got \(text)")
                    return
                }
            }
            // All of them are good for another request.
            for client in clients { try client.sendRequest("GET", "/echo") }
            for client in clients { #expect(try client.response().status == 200) }
            #expect(await server.server.counts.connections == 1_000)
            #expect(await server.server.counts.requests == 0)
        }
    }

    @Test("Parked requests in different shards are answered one by one, in any order")
    func oneByOne() async throws {
        try await TestHandler.serving { server, handler in
            let clients = try (0..<600).map { _ in try server.connect() }
            for (number, client) in clients.enumerated() { try client.sendRequest("GET", "/park/\(number)") }
            try await handler.untilParked(600)
            for number in [599, 0, 256, 255, 511, 512, 300, 1] {
                await handler.release("\(number)")
                #expect(try clients[number].response().text == "released \(number)")
            }
            // The others are parked still.
            #expect(await handler.parkedCount == 592)
        }
    }

    @Test("Six hundred parked callers that hang up at once are all noticed")
    func allHangUp() async throws {
        try await TestHandler.serving { server, handler in
            let clients = try (0..<600).map { _ in try server.connect() }
            for (number, client) in clients.enumerated() { try client.sendRequest("GET", "/park/\(number)") }
            try await handler.untilParked(600)
            for (number, client) in clients.enumerated() {
                if number.isMultiple(of: 2) { client.close() } else { client.reset() }
            }
            try await server.untilConnections(are: 0)
            #expect(await handler.parkedCount == 0)
            #expect(await server.server.counts.requests == 0)
            let client = try server.connect()
            try client.sendRequest("GET", "/echo")
            #expect(try client.response().status == 200)
        }
    }

    @Test("A shard's room is used again before another is opened, and its connections are served")
    func roomIsUsedAgain() async throws {
        try await TestHandler.serving { server, _ in
            for _ in 0..<4 {
                let clients = try (0..<300).map { _ in try server.connect() }
                for client in clients { try client.sendRequest("GET", "/echo") }
                for client in clients { #expect(try client.response().status == 200) }
                try await server.untilConnections(are: 300)
                for client in clients { client.close() }
                try await server.untilConnections(are: 0)
            }
        }
    }

    @Test("No accepted socket is left open, however its caller has gone")
    func noDescriptorLeaks() async throws {
        try await TestHandler.serving { server, handler in
            let before = try server.socketCount()
            for number in 0..<100 {
                let client = try server.connect()
                switch number % 5 {
                case 0: try client.sendRequest("GET", "/echo", ["Connection: close"])
                case 1: try client.sendRequest("GET", "/park/\(number)")
                case 2: try client.send("nonsense\r\n\r\n")
                case 3: try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
                default: break
                }
                if number.isMultiple(of: 2) { client.close() } else { client.reset() }
            }
            try await eventually("the sockets are closed") { try server.socketCount() == before }
            #expect(await server.server.counts.connections == 0)
            #expect(await server.server.counts.requests == 0)
        }
    }
}
