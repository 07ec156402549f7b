/// Where a Redis server or a sentinel listens.
package enum RedisAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or a numeric address, the latter without brackets.
    case tcp(host: String, port: UInt16)
    /// An absolute path.
    case unix(path: String)

    /// What the server's certificate must be for.
    var serverName: String {
        switch self {
        case .tcp(let host, _): host
        case .unix: "localhost"
        }
    }

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
