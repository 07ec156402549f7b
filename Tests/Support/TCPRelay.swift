import Foundation
import Glibc

/// A cable between a client and a server at 127.0.0.1 that can be cut: bytes then go nowhere, in either direction, and
/// nobody is told; when it is mended they go on.
///
/// `@unchecked Sendable`: what changes is guarded by `condition`.
package final class TCPRelay: @unchecked Sendable {
    /// Where clients connect to; chosen by the system.
    package let port: UInt16
    private var target: SocketAddress
    private let listener: Int32
    private let condition = NSCondition()
    private var isCut = false
    private var isRefusing = false
    /// Connections that are cut though the others are not, counted from 0 in the order in which they were made.
    private var cutConnections: Set<Int> = []
    private var connectionCount = 0
    /// The connections by the ports that the server knows them by.
    private var connectionsByPort: [UInt16: Int] = [:]
    private var isEnded = false
    private var sockets: Set<Int32> = []

    /// Relays to the server at `target` as long as `body` runs.
    package static func with<Value>(
        to target: UInt16, _ body: (TCPRelay) async throws -> Value
    ) async throws -> Value {
        let relay = try TCPRelay(to: target)
        defer { relay.end() }
        return try await body(relay)
    }

    private init(to target: UInt16) throws {
        self.target = try SocketAddress("127.0.0.1:\(target)")
        (listener, port) = try SocketAddress.listen()
        Thread.detachNewThread { self.acceptAll() }
    }

    package func cut() { set { isCut = true } }

    /// Cuts one connection only: 0 is the first that was made, -1 the last.
    package func cut(connection: Int) {
        set { cutConnections.insert(connection < 0 ? connectionCount + connection : connection) }
    }

    /// Cuts the connection that the server knows by that port, if it is one of these.
    package func cut(from port: UInt16) {
        set { if let connection = connectionsByPort[port] { cutConnections.insert(connection) } }
    }

    /// Whoever connects from now on is sent away at once.
    package func refuse() { set { isRefusing = true } }

    /// Whoever connects from now on comes to another server, as when a name has moved.
    package func lead(to port: UInt16) throws {
        let address = try SocketAddress("127.0.0.1:\(port)")
        set { target = address }
    }

    package func mend() {
        set {
            isCut = false
            isRefusing = false
            cutConnections = []
        }
    }

    private func end() {
        set {
            isEnded = true
            shutdown(listener, Int32(SHUT_RDWR))
            for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    private func set(_ change: () -> Void) {
        condition.lock()
        change()
        condition.broadcast()
        condition.unlock()
    }

    /// Returns when the cable is whole; false when all is over.
    private func isWhole(_ connection: Int? = nil) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !isEnded, isCut || connection.map(cutConnections.contains) ?? false { condition.wait() }
        return !isEnded
    }

    // MARK: Threads

    private func acceptAll() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0, isWhole() else { break }
            guard let (server, connection) = next() else {
                close(client)
                continue
            }
            for socket in [client, server] { Self.sendAtOnce(socket) }
            set { sockets.formUnion([client, server]) }
            Thread.detachNewThread { self.join(client, server, connection) }
        }
        close(listener)
    }

    /// A connection to the server; nil when there is to be none.
    private func next() -> (server: Int32, connection: Int)? {
        condition.lock()
        let (isRefusing, target, connection) = (isRefusing, target, connectionCount)
        connectionCount += 1
        condition.unlock()
        guard !isRefusing, let server = try? target.connect() else { return nil }
        if let port = try? SocketAddress.localPort(of: server) {
            set { connectionsByPort[port] = connection }
        }
        return (server, connection)
    }

    /// A small write does not wait until the one before is acknowledged.
    private static func sendAtOnce(_ socket: Int32) {
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Carries bytes both ways until either side has ended.
    private func join(_ client: Int32, _ server: Int32, _ connection: Int) {
        let back = DispatchGroup()
        back.enter()
        Thread.detachNewThread {
            self.carry(from: server, to: client, connection)
            back.leave()
        }
        carry(from: client, to: server, connection)
        back.wait()
        set { sockets.subtract([client, server]) }
        close(client)
        close(server)
    }

    private func carry(from source: Int32, to sink: Int32, _ connection: Int) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &bytes, bytes.count, 0)
            guard count > 0, isWhole(connection) else { break }
            var sent = 0
            while sent < count {
                let more = bytes[sent..<count].withUnsafeBytes {
                    send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard more > 0 else { break }
                sent += more
            }
            guard sent == count else { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }
}
