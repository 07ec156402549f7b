import Foundation
import Glibc
import Support
import Testing

/// A connection to the daemon, from outside: bytes in, bytes out, and no library of HTTP between. It closes when
/// it is dropped.
final class Connection {
    private(set) var descriptor: Int32
    private var received = Data()
    /// Whether the daemon has closed its side; known after a read.
    private(set) var isAtEnd = false

    convenience init(_ daemon: RunningDaemon) throws { try self.init(port: try daemon.port) }

    /// Connects to 127.0.0.1, or to ::1.
    init(port: UInt16, isIPv6: Bool = false) throws {
        descriptor = -1
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            try open(AF_INET6, address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            try open(AF_INET, address)
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    /// Connects to a Unix socket.
    init(path: String) throws {
        descriptor = -1
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try open(AF_UNIX, address)
    }

    deinit { close() }

    private func open<Address>(_ family: Int32, _ address: Address) throws {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0, "no descriptor is left")
        let result = withUnsafeBytes(of: address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        let error = errno
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EIO) }
    }

    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes with a reset instead of an end.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    // MARK: Bytes

    func send(_ text: String) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Whether there is something to read now, an end included.
    var isReadable: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !received.isEmpty || Glibc.poll(&poll, 1, 0) > 0
    }

    /// Reads until `isEnough`, the end, or `bound`.
    private func read(within bound: Duration, until isEnough: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + bound
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while try !isEnough(), !isAtEnd {
            // Short, so that a thread of the test's pool is never held for long.
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, 2) > 0 {
                let count = recv(descriptor, &bytes, bytes.count, 0)
                if count > 0 { received.append(contentsOf: bytes.prefix(count)) } else { isAtEnd = true }
            } else {
                guard ContinuousClock.now < deadline else { return }
                await Task.yield()
            }
        }
    }

    /// The next answer, nil if the connection ends before or nothing comes within `bound`.
    func reply(within bound: Duration = .seconds(20)) async throws -> Reply? {
        var reply: Reply?
        try await read(within: bound) {
            reply = try Reply.take(from: &received)
            return reply != nil
        }
        return reply
    }

    /// Whether the daemon closes the connection within `bound`.
    func ends(within bound: Duration = .seconds(20)) async throws -> Bool {
        try await read(within: bound) { false }
        return isAtEnd
    }

    // MARK: Requests

    /// Sends a request and does not wait for its answer. A body makes it `application/json`.
    func begin(_ method: String, _ target: String, _ body: String? = nil, headers: [String] = []) throws {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + headers
        if let body { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    /// Sends a request and waits for its answer.
    func request(_ method: String, _ target: String, _ body: String? = nil) async throws -> Reply {
        try begin(method, target, body)
        return try #require(try await reply(), "no answer to \(method) \(target)")
    }
}
