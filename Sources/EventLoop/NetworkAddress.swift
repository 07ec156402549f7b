import Glibc

/// A socket's address: an IP address and a port, or a Unix socket's path.
package struct NetworkAddress: Sendable, Equatable {
    /// The longest path of a Unix socket, in bytes; a NUL follows it.
    package static let unixPathBytesMax = 107

    private var storage = sockaddr_storage()
    private let length: socklen_t

    init(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
        self.length = min(length, socklen_t(MemoryLayout<sockaddr_storage>.size))
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(self.length)))
        }
    }

    /// A Unix socket's; nil if the path is longer than ``unixPathBytesMax`` or has a NUL in it.
    package init?(unixPath path: String) {
        let bytes = Array(path.utf8)
        guard (1...Self.unixPathBytesMax).contains(bytes.count), !bytes.contains(0) else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
        withUnsafeBytes(of: &address) { bytes in
            withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: bytes) }
        }
    }

    package static func == (left: NetworkAddress, right: NetworkAddress) -> Bool {
        withUnsafeBytes(of: left.storage) { one in
            withUnsafeBytes(of: right.storage) { other in
                left.length == right.length
                    && one.prefix(Int(left.length)).elementsEqual(other.prefix(Int(left.length)))
            }
        }
    }

    /// AF_INET, AF_INET6 or AF_UNIX.
    package var family: Int32 { Int32(storage.ss_family) }

    /// Has a socket of its ``family`` connect to it; the result is that of `connect`, with `errno` set.
    package func connect(_ descriptor: Int32) -> Int32 {
        withUnsafePointer(to: storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, length)
            }
        }
    }
}
