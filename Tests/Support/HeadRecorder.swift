import Foundation
import Glibc

/// A server that answers every request with 200 and `ok`, one on each connection, and keeps what it was sent.
///
/// `@unchecked Sendable`: what was sent is guarded by `lock`.
package final class HeadRecorder: @unchecked Sendable {
    package let port: UInt16
    private let descriptor: Int32
    private let lock = NSLock()
    private var received: [String] = []

    package init() throws {
        (descriptor, port) = try SocketAddress.listen()
        let thread = Thread { [weak self, descriptor] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                self?.answer(connection)
                close(connection)
            }
        }
        thread.start()
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// The requests' heads, in their order.
    package var heads: [String] { lock.withLock { received } }

    private func answer(_ connection: Int32) {
        var head = Data()
        var bytes = [UInt8](repeating: 0, count: 4096)
        while head.firstRange(of: Data("\r\n\r\n".utf8)) == nil {
            let count = recv(connection, &bytes, bytes.count, 0)
            guard count > 0 else { return }
            head.append(contentsOf: bytes.prefix(count))
        }
        lock.withLock { received.append(String(decoding: head, as: UTF8.self)) }
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
        _ = Array(text.utf8).withUnsafeBytes {
            send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }
}
