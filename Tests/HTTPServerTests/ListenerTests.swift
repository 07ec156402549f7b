import Foundation
import HTTPServer
import Support
import Testing

@Suite struct ListenerTests {
    private func temporaryPath() -> String {
        FileManager.default.temporaryDirectory.appending(path: "t\(UUID().uuidString.prefix(13)).sock").path
    }

    @Test("One server answers at IPv4, IPv6 and Unix listeners at once")
    func allFamilies() async throws {
        let path = temporaryPath()
        let listeners = [
            try Listener.ip(host: "127.0.0.1", port: 0), try .ip(host: "::1", port: 0),
            try .ip(host: "127.0.0.1", port: 0),
            try .unix(path: path, mode: 0o600),
        ]
        try await TestHandler.serving(at: listeners) { server, handler in
            let clients = try server.addresses.map { try RawHTTPClient($0) }
            for client in clients { try client.sendRequest("GET", "/echo") }
            for client in clients { #expect(try client.response().text == "GET /echo ") }
            // A parked request's hang-up is noticed on each of them.
            for (number, client) in clients.enumerated() {
                try client.sendRequest("GET", "/park/\(number)")
                try await handler.until("parked \(number)")
                client.close()
                try await handler.until("hung up \(number)")
            }
            try await server.untilConnections(are: 0)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(
        "A listener tells the port that the system chose",
        arguments: [("127.0.0.1", "127.0.0.1:"), ("::1", "[::1]:")])
    func address(host: String, prefix: String) throws {
        let listener = try Listener.ip(host: host, port: 0)
        defer { listener.close() }
        #expect(listener.address.hasPrefix(prefix))
        #expect(!listener.address.hasSuffix(":0"))
    }

    @Test("An address in use is an error that names it")
    func inUse() throws {
        let listener = try Listener.ip(host: "127.0.0.1", port: 0)
        defer { listener.close() }
        let port = try #require(listener.address.split(separator: ":").last.flatMap { UInt16($0) })
        let error = try #require(throws: HTTPServerError.self) {
            try Listener.ip(host: "127.0.0.1", port: port)
        }
        #expect(error.code == .address)
        #expect(error.description.contains(listener.address))
        #expect(error.description.contains("Address already in use, by another address of listen; end what"))
    }

    @Test("A Unix socket that a dead process left behind is replaced, and one in use is not")
    func staleSocket() throws {
        let path = temporaryPath()
        let first = try Listener.unix(path: path, mode: 0o600)
        #expect(throws: HTTPServerError.self) { try Listener.unix(path: path, mode: 0o600) }
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        // The socket's file survives its owner under another name, as it does a crash.
        try FileManager.default.linkItem(atPath: path, toPath: path + "x")
        first.close()
        try FileManager.default.moveItem(atPath: path + "x", toPath: path)
        try Listener.unix(path: path, mode: 0o600).close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A file that is no socket is never removed")
    func otherFile() throws {
        let path = temporaryPath()
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: HTTPServerError.self) { try Listener.unix(path: path, mode: 0o600) }
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("A Unix path longer than the system takes is refused by name", arguments: [107, 108])
    func longPath(length: Int) throws {
        let folder = FileManager.default.temporaryDirectory.path
        let path = folder + "/" + String(repeating: "s", count: length - folder.utf8.count - 1)
        if length == 107 {
            try Listener.unix(path: path, mode: 0o600).close()
        } else {
            let error = try #require(throws: HTTPServerError.self) {
                try Listener.unix(path: path, mode: 0o600)
            }
            #expect(error.description.contains(path))
        }
    }
}
