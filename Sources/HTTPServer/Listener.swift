package import Glibc

/// A listening socket. Whoever makes it gives it to the server, which closes it.
package struct Listener: Sendable {
    /// Connections the kernel keeps until they are accepted.
    static let backlog: Int32 = 4096

    let descriptor: Int32
    /// What a person would connect to: `127.0.0.1:5625`, `[::1]:5625` or `unix:/run/ticketlockd.sock`.
    package let address: String
    /// The Unix socket's path, to be removed at the end, if it is ours; and the right to it.
    private var owned: (path: String, lock: PathLock)?

    /// Listens at an IP address.
    ///
    /// - Parameters:
    ///   - host: an IPv4 or IPv6 address, without brackets.
    ///   - port: 0 lets the system choose one; ``address`` tells which.
    package static func ip(host: String, port: UInt16) throws(HTTPServerError) -> Listener {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let name = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let result = getaddrinfo(host, String(port), &hints, &found)
        guard result == 0, let info = found else {
            throw HTTPServerError(
                .address, "cannot listen at \(name): \(String(cString: gai_strerror(result)))")
        }
        defer { freeaddrinfo(found) }
        let descriptor = try open(info.pointee.ai_family, name)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        if info.pointee.ai_family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, 4)
        }
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        try bindAndListen(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen, name)
        return Listener(descriptor: descriptor, address: addressOf(descriptor) ?? name)
    }

    /// Listens at a Unix socket, in place of one that a dead process has left behind. Throws when another process
    /// has it, though it may not listen yet.
    ///
    /// - Parameters:
    ///   - path: at most 107 bytes.
    ///   - mode: the socket's permissions, as in `0o660`.
    package static func unix(path: String, mode: mode_t) throws(HTTPServerError) -> Listener {
        let name = "unix:\(path)"
        guard var address = unixAddress(path) else {
            throw HTTPServerError(.address, "cannot listen at \(name): the path is longer than 107 bytes")
        }
        let lock = try PathLock.take(path)
        do throws(HTTPServerError) {
            let length = socklen_t(MemoryLayout<sockaddr_un>.size)
            try removeStale(path, &address, length)
            let descriptor = try open(AF_UNIX, name)
            try withUnsafePointer(to: &address) { address throws(HTTPServerError) in
                try address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    address throws(HTTPServerError) in
                    // Nobody can connect before it listens, so nobody does with other permissions.
                    try bindAndListen(descriptor, address, length, name) { chmod(path, mode) }
                }
            }
            var listener = Listener(descriptor: descriptor, address: name)
            listener.owned = (path, lock)
            return listener
        } catch {
            lock.release()
            throw error
        }
    }

    /// A socket that listens already, passed by systemd. Its path, if it has one, stays systemd's.
    package static func inherited(_ descriptor: Int32) throws(HTTPServerError) -> Listener {
        var listens: Int32 = 0
        var length = socklen_t(4)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0, listens != 0 else {
            throw HTTPServerError(.address, "the passed descriptor \(descriptor) is not a listening socket")
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        return Listener(
            descriptor: descriptor, address: addressOf(descriptor) ?? "descriptor \(descriptor)")
    }

    private init(descriptor: Int32, address: String) {
        self.descriptor = descriptor
        self.address = address
    }

    /// Ends listening.
    package func close() {
        if let owned {
            unlink(owned.path)
            owned.lock.release()
        }
        _ = Glibc.close(descriptor)
    }

    private static func open(_ family: Int32, _ name: String) throws(HTTPServerError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw systemError(.system, "cannot open a socket for \(name)") }
        return descriptor
    }

    private static func bindAndListen(
        _ descriptor: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t, _ name: String,
        betweenThem setUp: () -> Int32 = { 0 }
    ) throws(HTTPServerError) {
        guard bind(descriptor, address, length) == 0, setUp() == 0, listen(descriptor, backlog) == 0 else {
            let isTaken = errno == EADDRINUSE
            let error = systemError(.address, "cannot listen at \(name)")
            _ = Glibc.close(descriptor)
            throw isTaken ? PortHolder.error(error, name) : error
        }
    }

    /// Removes a socket at `path` that nobody listens at; anything else there is left for bind to report.
    private static func removeStale(
        _ path: String, _ address: inout sockaddr_un, _ length: socklen_t
    ) throws(HTTPServerError) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        let probe = try open(AF_UNIX, "unix:\(path)")
        defer { _ = Glibc.close(probe) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(probe, $0, length) }
        }
        if result != 0, errno == ECONNREFUSED { unlink(path) }
    }

    private static func unixAddress(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    /// Where a socket listens, as a person writes it.
    private static func addressOf(_ descriptor: Int32) -> String? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage -> String? in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> String? in
                guard getsockname(descriptor, address, &length) == 0 else { return nil }
                if address.pointee.sa_family == sa_family_t(AF_UNIX) { return unixName(address, length) }
                return ipName(address, length)
            }
        }
    }

    private static func unixName(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String {
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let path = UnsafeRawBufferPointer(start: address, count: Int(length)).dropFirst(offset)
        return "unix:" + String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func ipName(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String? {
        var host = [CChar](repeating: 0, count: 64)
        var port = [CChar](repeating: 0, count: 8)
        guard getnameinfo(address, length, &host, 64, &port, 8, NI_NUMERICHOST | NI_NUMERICSERV) == 0 else {
            return nil
        }
        let (hostName, portName) = (text(host), text(port))
        return hostName.contains(":") ? "[\(hostName)]:\(portName)" : "\(hostName):\(portName)"
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.lazy.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func systemError(_ code: HTTPServerError.Code, _ what: String) -> HTTPServerError {
        HTTPServerError(code, "\(what): \(String(cString: strerror(errno)))")
    }
}
