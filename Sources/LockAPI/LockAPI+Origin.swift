import HTTPServer

/// A browser's page elsewhere cannot drive the service (design, section 4).
extension LockAPI {
    /// Refuses a request that a page from elsewhere may have made: by its Host, and by its Origin.
    func checkOrigin(of routed: RoutedRequest) throws(Problem) {
        let origin = routed.request.header(.origin)
        if routed.request.hostIsLocal, origin == nil { return }
        // For those who look after the machine, by whatever name.
        if routed.endpoint == .health || routed.endpoint == .readiness { return }
        let host = routed.request.header(.host)
        if let host, !routed.request.hostIsLocal, !hostRules.allows(host) {
            throw Problem(
                .misdirectedHost,
                "Host: \(Self.shown(host)) is not a name of this service; allowed are IP addresses, names without a dot, this machine's name, and those in http.allowed_hosts",
                field: "Host")
        }
        guard let origin else { return }
        guard let host, Self.isSame(origin, host) else {
            throw Problem(
                .forbiddenOrigin,
                "Origin: \(Self.shown(origin)) is another than the request's Host; pages of other origins are not served",
                field: "Origin")
        }
    }

    /// Whether an origin (RFC 6454, 6.1) has a request's host and port, of which either may leave out the port
    /// that is the scheme's default.
    static func isSame(_ origin: UnsafeBufferPointer<UInt8>, _ host: UnsafeBufferPointer<UInt8>) -> Bool {
        let origin = origin.map(HostRules.lowercased)
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")]
        where origin.starts(with: scheme.utf8) {
            return withoutPort(origin.dropFirst(scheme.utf8.count), port)
                .elementsEqual(withoutPort(host.map(HostRules.lowercased)[...], port))
        }
        return false
    }

    private static func withoutPort(_ host: ArraySlice<UInt8>, _ port: String) -> ArraySlice<UInt8> {
        host.suffix(port.utf8.count).elementsEqual(port.utf8) ? host.dropLast(port.utf8.count) : host
    }

    private static func shown(_ value: UnsafeBufferPointer<UInt8>) -> String {
        quoted(String(decoding: value, as: UTF8.self))
    }
}
