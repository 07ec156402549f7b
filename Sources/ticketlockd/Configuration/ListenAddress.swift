import Glibc
import RedisClient

/// One place to listen at, checked and in its canonical spelling.
enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric IPv4 address and a port; port 0 lets the system choose.
    case ipv4(host: String, port: UInt16)
    /// A numeric IPv6 address, without its brackets, and a port; port 0 lets the system choose.
    case ipv6(host: String, port: UInt16)
    /// A stream socket at an absolute path of at most `unixPathBytesMax` bytes.
    case unix(path: String)
    /// The sockets that systemd hands over (socket activation).
    case systemd

    /// The longest path which, with the NUL after it, fits into Linux's `sun_path`.
    static let unixPathBytesMax = 107

    /// The spelling of the configuration, which reads back to the same address.
    var description: String {
        switch self {
        case .ipv4(let host, let port): "\(host):\(port)"
        case .ipv6(let host, let port): "[\(host)]:\(port)"
        case .unix(let path): "unix:\(path)"
        case .systemd: "systemd"
        }
    }

    /// Reads `HOST:PORT`, `[HOST]:PORT`, `unix:PATH` or `systemd`. Names such as `localhost` are refused:
    /// looking one up could block, or give an address that nobody meant.
    static func parse(_ text: String) throws(ConfigurationProblem) -> ListenAddress {
        if text == "systemd" { return .systemd }
        if text.hasPrefix("unix:") { return .unix(path: try unixPath(String(text.dropFirst(5)))) }
        guard let colon = text.lastIndex(of: ":") else {
            throw ConfigurationProblem("has no port; write 127.0.0.1:5625, for example")
        }
        let host = text[..<colon]
        let port = DecimalText.integer(String(text[text.index(after: colon)...])).flatMap(
            UInt16.init(exactly:))
        guard let port else { throw ConfigurationProblem("does not end in a port (0 to 65535)") }
        if host.hasPrefix("["), host.hasSuffix("]") {
            guard let address = canonical(String(host.dropFirst().dropLast()), family: AF_INET6) else {
                throw ConfigurationProblem("has no numeric IPv6 address between the brackets")
            }
            if address.hasPrefix("::ffff:"), address.contains(".") {
                let plain = "\(address.dropFirst(7)):\(port)"
                throw ConfigurationProblem("has an IPv4 address within an IPv6 one; write \(plain)")
            }
            return .ipv6(host: address, port: port)
        }
        if let address = canonical(String(host), family: AF_INET) { return .ipv4(host: address, port: port) }
        if canonical(String(host), family: AF_INET6) != nil {
            throw ConfigurationProblem("needs brackets around its IPv6 address: [\(host)]:\(port)")
        }
        let hint = host == "localhost" ? "; write 127.0.0.1:\(port) or [::1]:\(port)" : ""
        throw ConfigurationProblem("does not begin with a numeric address\(hint)")
    }

    private static func unixPath(_ path: String) throws(ConfigurationProblem) -> String {
        guard path.hasPrefix("/"), !path.hasSuffix("/") else {
            throw ConfigurationProblem("has no absolute path of a file after unix:")
        }
        guard path.utf8.count <= unixPathBytesMax else {
            throw ConfigurationProblem(
                "has a path of \(path.utf8.count) bytes, more than the \(unixPathBytesMax) allowed")
        }
        guard !path.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw ConfigurationProblem("has a control character in its path")
        }
        return path
    }

    /// The one spelling of a numeric address, so that [::1] and [0::1] are seen to be the same; nil if it is
    /// none.
    private static func canonical(_ host: String, family: Int32) -> String? {
        // A NUL would end the text early for C, and hide what stands after it.
        guard !host.utf8.contains(0) else { return nil }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { address in
            guard let base = address.baseAddress, inet_pton(family, host, base) == 1 else { return nil }
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
                let length = socklen_t(INET6_ADDRSTRLEN)
                guard let start = text.baseAddress, inet_ntop(family, base, start, length) != nil else {
                    return nil
                }
                return String(cString: start)
            }
        }
    }
}

/// What may be looked up as a host.
enum HostName {
    /// The longest name that the domain name system knows.
    static let bytesMax = 253

    /// Whether `text` may be a host's name or is a numeric address, without brackets.
    static func isAllowed(_ text: String) -> Bool {
        if text.contains(":") { return isIPv6(text) }
        guard (1...bytesMax).contains(text.utf8.count), let first = text.unicodeScalars.first else {
            return false
        }
        return first != "-" && first != "."
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_": true
                default: false
                }
            }
    }

    /// Reads `HOST:PORT`, with brackets around an IPv6 address; nil if it is something else.
    static func address(_ text: String) -> RedisAddress? {
        guard let colon = text.lastIndex(of: ":"),
            let port = DecimalText.integer(String(text[text.index(after: colon)...]))
                .flatMap(UInt16.init(exactly:)), port > 0
        else { return nil }
        let host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            return isIPv6(inner) ? .tcp(host: inner, port: port) : nil
        }
        return host.contains(":") || !isAllowed(host) ? nil : .tcp(host: host, port: port)
    }

    private static func isIPv6(_ text: String) -> Bool {
        // A NUL would end the text early for C, and hide what stands after it.
        guard !text.utf8.contains(0) else { return false }
        var address = in6_addr()
        return inet_pton(AF_INET6, text, &address) == 1
    }
}
