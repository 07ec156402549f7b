import Foundation
import Glibc
import Support
import Testing

/// The socket at which systemd listens to what services say (sd_notify(3)).
final class NotifySocket {
    let path: String
    private let descriptor: Int32
    /// Every word so far, `NAME=VALUE`, in order.
    private(set) var words: [String] = []

    /// - Parameter folder: where the socket is made.
    init(in folder: URL) throws {
        path = folder.appending(path: "notify").path
        descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafeBytes(of: address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    private func read() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { return }
            words += String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(
                String.init)
        }
    }

    /// How often `word` was said so far.
    func said(_ word: String) -> Int {
        read()
        return words.count { $0 == word }
    }

    /// Waits until `word` was said `count` times.
    func wait(for word: String, count: Int = 1) async throws {
        let isThere = try await eventually {
            said(word) >= count
        }
        try #require(isThere, "\(word) was not said \(count) times, only \(words)")
    }
}
