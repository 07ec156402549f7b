import Glibc

/// A caller on a plain blocking socket, which may send whatever bytes it likes and reads answers strictly.
///
/// Nothing waits longer than ``patienceSeconds``. Closed when it is dropped.
///
/// `@unchecked Sendable`: a test uses it from one thread at a time, whichever that is.
package final class RawHTTPClient: @unchecked Sendable {
    /// How long an answer may take before it is an error.
    static let patienceSeconds = 10

    package private(set) var descriptor: Int32
    private var received: [UInt8] = []

    /// How the other side ended the connection.
    package enum End: Equatable {
        case closed, reset
    }

    /// Connects to an address as listeners print it: `127.0.0.1:5625`, `[::1]:5625` or `unix:/path`.
    package init(_ address: String) throws {
        descriptor = try SocketAddress(address).connect()
        // A test that left a socket open to children would keep connections alive beyond their end.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, length)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    deinit { close() }

    // MARK: Sending

    /// Sends all of `bytes`.
    package func send(_ bytes: some Collection<UInt8>) throws {
        var rest = ArraySlice(Array(bytes))
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw RawHTTPError("send", errno) }
            rest = rest.dropFirst(count)
        }
    }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends what the other side takes, up to all of `bytes`; false when it has closed the connection.
    package func sendIfOpen(_ bytes: [UInt8]) throws -> Bool {
        do {
            try send(bytes)
            return true
        } catch let error as RawHTTPError where error.number == EPIPE || error.number == ECONNRESET {
            return false
        }
    }

    /// Sends a whole request, with a Host header.
    package func sendRequest(
        _ method: String, _ target: String, _ headers: [String] = [], body: [UInt8]? = nil
    ) throws {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: test"] + headers
        if let body { lines.append("Content-Length: \(body.count)") }
        let head = lines.joined(separator: "\r\n") + "\r\n\r\n"
        try send(Array(head.utf8) + (body ?? []))
    }

    /// Says that nothing more will be sent, and goes on reading.
    package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes in the ordinary way.
    package func close() {
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
        descriptor = -1
    }

    /// Closes at once, though a process that is just being started may still hold the socket.
    package func hangUp() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close()
    }

    /// Closes with a reset, as a caller that crashed may.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }

    // MARK: Receiving

    /// Whether something can be read: an answer, or the connection's end.
    package var hasAnswer: Bool {
        var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !received.isEmpty || poll(&events, 1, 0) == 1
    }

    /// Reads one answer; a HEAD's has no body though it says how long that would be.
    package func response(toHead: Bool = false) throws -> RawHTTPResponse {
        var response = try RawHTTPResponse(head: try head())
        response.body = toHead ? [] : try take(try response.contentLength)
        return response
    }

    /// Reads the status line and headers of an answer, with the empty line that ends them.
    package func head() throws -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = received.firstRange(of: end) {
                return String(decoding: try take(range.upperBound), as: UTF8.self)
            }
            guard received.count < 65_536 else { throw RawHTTPError("the headers never end") }
            guard try receive() else { throw RawHTTPError("the connection ended instead of an answer") }
        }
    }

    /// Waits for the connection's end, which must come without another byte.
    package func end() throws -> End {
        guard received.isEmpty else { throw unexpected() }
        do {
            guard try receive() else { return .closed }
        } catch let error as RawHTTPError where error.number == ECONNRESET {
            return .reset
        }
        throw unexpected()
    }

    private func unexpected() -> RawHTTPError {
        RawHTTPError("bytes that nobody asked for: \(String(decoding: received.prefix(200), as: UTF8.self))")
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count {
            guard try receive() else { throw RawHTTPError("the connection ended within an answer") }
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// False at the connection's end.
    private func receive() throws -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &piece, piece.count, 0)
        guard count >= 0 else { throw RawHTTPError("recv", errno) }
        received.append(contentsOf: piece.prefix(count))
        return count > 0
    }
}
