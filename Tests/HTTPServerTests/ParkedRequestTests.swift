import Foundation
import HTTPServer
import Support
import Testing

@Suite struct ParkedRequestTests {
    enum HangUp: CaseIterable {
        case close, halfClose, reset

        func callAsFunction(_ client: RawHTTPClient) {
            switch self {
            case .close: client.close()
            case .halfClose: client.finishSending()
            case .reset: client.reset()
            }
        }
    }

    @Test(
        "The handler is told when the caller of a parked request hangs up, and the connection ends",
        arguments: HangUp.allCases)
    func cancelled(hangUp: HangUp) async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try client.sendRequest("GET", "/park/a")
            try await handler.until("parked a")
            hangUp(client)
            try await handler.until("hung up a")
            try await server.untilConnections(are: 0)
            #expect(await server.server.counts.requests == 0)
            #expect(await handler.events == ["parked a", "hung up a"])
        }
    }

    @Test("A hang-up behind pipelined requests is noticed all the same")
    func cancelledBehindPipeline() async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try client.sendRequest("GET", "/park/a")
            try await handler.until("parked a")
            try client.sendRequest("GET", "/echo/behind")
            client.close()
            try await handler.until("hung up a")
            try await server.untilConnections(are: 0)
        }
    }

    @Test("A caller that has hung up before its request is parked is noticed", arguments: [false, true])
    func hungUpBefore(isSecond: Bool) async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            if isSecond {
                // Parked once before, so that the connection is watched already.
                try client.sendRequest("GET", "/park/first")
                try await handler.until("parked first")
                await handler.release("first")
                _ = try client.response()
            }
            try await server.loop.run {
                try client.sendRequest("GET", "/park/a")
                client.close()
            }
            try await handler.until("hung up a")
            try await server.untilConnections(are: 0)
        }
    }

    @Test("An answer after its caller's hang-up goes nowhere and does no harm", arguments: HangUp.allCases)
    func answerAfterHangUp(hangUp: HangUp) async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try client.sendRequest("GET", "/stubborn/a")
            try await handler.until("parked a")
            hangUp(client)
            try await handler.until("hung up a")
            // The connection stays until the request is answered, which is what its memory waits for.
            #expect(await server.server.counts.requests == 1)
            await handler.release("a")
            try await server.untilConnections(are: 0)
            if hangUp == .halfClose { #expect(try client.end() == .closed) }
        }
    }

    @Test("A grant to a caller who has gone is not sent but taken back, once", arguments: HangUp.allCases)
    func grantToNobody(hangUp: HangUp) async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try client.sendRequest("GET", "/grant/a/parked")
            try await handler.until("parked a")
            hangUp(client)
            try await handler.until("hung up a")
            await handler.release("a")
            try await handler.until("undelivered a")
            try await server.untilConnections(are: 0)
            #expect(await handler.events == ["parked a", "hung up a", "undelivered a"])
        }
    }

    @Test("A grant is taken back when its caller hangs up in the very moment it is given")
    func grantAtHangUp() async throws {
        // At a Unix socket, where the end is seen in the step in which the caller closes it: over TCP it may
        // still be on its way, and nobody can know.
        try await withTemporaryFolder { folder in
            let listener = try Listener.unix(path: folder.appending(path: "socket").path, mode: 0o600)
            try await TestHandler.serving(at: [listener]) { server, handler in
                for number in 0..<50 {
                    let client = try server.connect()
                    try client.sendRequest("GET", "/grant/\(number)/parked")
                    try await handler.until("parked \(number)")
                    try await server.loop.run {
                        client.hangUp()
                        // In the same turn, so that nobody has looked at the connection in between.
                        handler.assumeIsolated { $0.release("\(number)") }
                    }
                    try await handler.until("undelivered \(number)")
                }
                try await server.untilConnections(are: 0)
            }
        }
    }

    @Test("A grant without waiting is taken back too when its caller has gone already")
    func immediateGrant() async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            try await server.loop.run {
                try client.sendRequest("GET", "/grant/a")
                client.close()
            }
            try await handler.until("undelivered a")
            try await server.untilConnections(are: 0)
        }
    }

    @Test("A grant that was written is not taken back, also when its caller hangs up later")
    func delivered() async throws {
        try await TestHandler.serving { server, handler in
            for name in ["a", "b/parked"] {
                let client = try server.connect()
                try client.sendRequest("GET", "/grant/\(name)")
                if name != "a" {
                    try await handler.until("parked b")
                    await handler.release("b")
                }
                #expect(try client.response().status == 200)
                client.close()
            }
            try await server.untilConnections(are: 0)
            #expect(await !handler.events.contains { $0.hasPrefix("undelivered") })
        }
    }

    @Test("A connection parks request after request")
    func parkedAgain() async throws {
        try await TestHandler.serving { server, handler in
            let client = try server.connect()
            for number in 0..<20 {
                try client.sendRequest("POST", "/park/\(number)", body: Array("body".utf8))
                try await handler.until("parked \(number)")
                await handler.release("\(number)")
                #expect(try client.response().text == "released \(number)")
            }
            client.close()
            try await server.untilConnections(are: 0)
            #expect(await handler.events.count == 20)
        }
    }
}
