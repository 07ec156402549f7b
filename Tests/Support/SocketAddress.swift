import Glibc

/// An address as listeners print it, to connect to.
package struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length = socklen_t(0)

    package init(_ address: String) throws {
        if address.hasPrefix("unix:") {
            try setUnix(path: String(address.dropFirst("unix:".count)))
        } else {
            try setIP(address)
        }
    }

    /// A new socket that is connected to it.
    package func connect() throws -> Int32 {
        let descriptor = socket(Int32(storage.ss_family), Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw RawHTTPError("socket", errno) }
        let result = withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
        }
        guard result == 0 else {
            let error = RawHTTPError("connect", errno)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Whether somebody accepts connections there.
    package var isListenedAt: Bool {
        do {
            close(try connect())
            return true
        } catch {
            return false
        }
    }

    /// A port at 127.0.0.1 that the system chose and nobody has; another may take it before it is used.
    package static func freePort() throws -> UInt16 {
        let (descriptor, port) = try bound()
        close(descriptor)
        return port
    }

    /// A socket that listens at 127.0.0.1, at a port that the system chose.
    static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let (descriptor, port) = try bound()
        guard Glibc.listen(descriptor, 64) == 0 else {
            let error = RawHTTPError("listen", errno)
            close(descriptor)
            throw error
        }
        return (descriptor, port)
    }

    /// The port of this side of a connection over IPv4.
    static func localPort(of descriptor: Int32) throws -> UInt16 {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { throw RawHTTPError("getsockname", errno) }
        return UInt16(bigEndian: name.sin_port)
    }

    private static func bound() throws -> (descriptor: Int32, port: UInt16) {
        var address = try SocketAddress("127.0.0.1:0")
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw RawHTTPError("socket", errno) }
        let port = withUnsafeMutablePointer(to: &address.storage) { storage -> UInt16? in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { name -> UInt16? in
                guard bind(descriptor, name, address.length) == 0,
                    getsockname(descriptor, name, &address.length) == 0
                else { return nil }
                return name.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
            }
        }
        guard let port else {
            let error = RawHTTPError("bind", errno)
            close(descriptor)
            throw error
        }
        return (descriptor, port)
    }

    private mutating func setUnix(path: String) throws {
        let bytes = Array(path.utf8)
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        guard offset + bytes.count < MemoryLayout<sockaddr_un>.size else {
            throw RawHTTPError("\(path): too long")
        }
        storage.ss_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &storage) { storage in
            UnsafeMutableRawBufferPointer(rebasing: storage[offset...]).copyBytes(from: bytes)
        }
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
    }

    private mutating func setIP(_ address: String) throws {
        guard let colon = address.lastIndex(of: ":") else { throw RawHTTPError("\(address): no port") }
        let host = address[..<colon].filter { $0 != "[" && $0 != "]" }
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(address[colon...].dropFirst()), &hints, &found)
        guard result == 0, let info = found else { throw RawHTTPError("\(address): not an address") }
        defer { freeaddrinfo(found) }
        length = info.pointee.ai_addrlen
        memcpy(&storage, info.pointee.ai_addr, Int(length))
    }
}
