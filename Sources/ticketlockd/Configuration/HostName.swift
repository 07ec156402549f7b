import Glibc
import RedisClient

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
