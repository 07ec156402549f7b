import EventLoop
import Foundation
import HTTPServer
import Support
import Synchronization
import Testing

@Suite struct ShutdownTests {
    @Test("After stopAccepting nobody can connect, and those connected are served")
    func stopAccepting() async throws {
        try await TestHandler.serving { server, _ in
            let client = try server.connect()
            try client.sendRequest("GET", "/echo")
            _ = try client.response()
            await server.server.stopAccepting()
            #expect(throws: RawHTTPError.self) { try server.connect() }
            try client.sendRequest("GET", "/echo")
            #expect(try client.response().status == 200)
        }
    }

    @Test("Draining ends when the last parked request is answered, with its connection told to close")
    func drain() async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try client.sendRequest("GET", "/park/a")
            try await handler.until("parked a")
            let isDrained = Atomic(false)
            let hasBegun = Atomic(false)
            let draining = Task {
                hasBegun.store(true, ordering: .relaxed)
                await server.server.drain(until: Alarm.now + 60_000_000_000)
                isDrained.store(true, ordering: .relaxed)
            }
            try await eventually("draining") { hasBegun.load(ordering: .relaxed) }
            for _ in 0..<10 { _ = await server.server.counts }
            let wasDrained = isDrained.load(ordering: .relaxed)
            #expect(!wasDrained)
            await handler.release("a")
            await draining.value
            let response = try client.response()
            #expect(response.text == "released a")
            #expect(response.closesConnection)
            #expect(try client.end() == .closed)
        }
    }

    @Test("Draining an idle server ends at once, and one that does not end at its deadline")
    func drainDeadline() async throws {
        try await TestHandler.serving { server, handler in
            await server.server.drain(until: .max)
            let client = try server.connect()
            try client.sendRequest("GET", "/stubborn/a")
            try await handler.until("parked a")
            await server.server.drain(until: Alarm.now + 20_000_000)
            #expect(await server.server.counts.requests == 1)
            await handler.release("a")
            #expect(try client.response().status == 200)
        }
    }

    @Test("Stopping ends every connection, idle or half sent, and closes every socket")
    func stop() async throws {
        try await TestHandler.serving { server, handler in
            let clients = try (0..<300).map { _ in try server.connect() }
            for client in clients.prefix(100) { try client.sendRequest("GET", "/echo") }
            for client in clients.prefix(100) { _ = try client.response() }
            for client in clients.suffix(100) { try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Le") }
            for client in clients[100..<200] { try client.sendRequest("GET", "/park/\(client.descriptor)") }
            try await handler.untilParked(100)
            try await server.untilConnections(are: 300)
            await handler.releaseAll()
            for client in clients[100..<200] { _ = try client.response() }
            await server.server.stop()
            for client in clients { _ = try client.end() }
            #expect(try server.socketCount() == 0)
            #expect(await server.server.counts == (0, 0))
        }
    }

    @Test("Parked requests answered in the same turn as the stop do no harm")
    func stopAtOnce() async throws {
        try await TestHandler.serving { server, handler in
            let clients = try (0..<10).map { _ in try server.connect() }
            for (number, client) in clients.enumerated() { try client.sendRequest("GET", "/park/\(number)") }
            try await handler.untilParked(10)
            await handler.releaseAll(andThenStop: server.server)
            for client in clients {
                // Answered or cut off, but not left hanging.
                _ = try? client.response()
                _ = try? client.end()
            }
        }
    }

    @Test("Servers and loops leave no descriptor behind when they end")
    func noDescriptorLeaks() async {
        // In a process of its own, since other tests open and close descriptors meanwhile.
        await #expect(processExitsWith: .success) {
            func open() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            }
            func once() async throws {
                try await TestHandler.serving { server, handler in
                    let clients = try (0..<20).map { _ in try server.connect() }
                    for (number, client) in clients.enumerated() {
                        try client.sendRequest("GET", "/park/\(number)")
                    }
                    try await handler.untilParked(20)
                }
            }
            try await once()
            let before = try open()
            for _ in 0..<5 { try await once() }
            try #require(try open() == before)
        }
    }
}
