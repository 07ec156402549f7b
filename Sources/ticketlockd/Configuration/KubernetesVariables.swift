/// The variables that Kubernetes gives every container about services that are named ticketlockd, ticketlockd-redis and
/// the like, for links as Docker made them. They are no settings.
enum KubernetesVariables {
    /// Those of the environment that are Kubernetes', in order.
    static func names(in environment: [String: String]) -> [String] {
        environment.filter { isKubernetes($0.key, value: $0.value) }.map(\.key).sorted()
    }

    /// - Parameter value: what Kubernetes puts into TICKETLOCKD_PORT is a URL; whoever writes a number there means a
    ///   setting, and must hear that there is none of that name.
    static func isKubernetes(_ name: String, value: String) -> Bool {
        guard let rest = name.withoutPrefix(ConfigurationKey.environmentPrefix) else { return false }
        // What stands before it may be the rest of a service's name.
        let words = rest.split(separator: "_", omittingEmptySubsequences: false)
        return words.indices.contains { isKubernetes(words[$0...].joined(separator: "_"), value) }
    }

    private static func isKubernetes(_ rest: String, _ value: String) -> Bool {
        if rest == "PORT" { return value.contains("://") }
        if rest == "SERVICE_HOST" || rest == "SERVICE_PORT" { return true }
        if let port = rest.withoutPrefix("SERVICE_PORT_") { return !port.isEmpty }
        guard let link = rest.withoutPrefix("PORT_") else { return false }
        // 5625_TCP, 5625_TCP_ADDR and so on.
        let parts = link.split(separator: "_", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), UInt16(parts[0]) != nil else { return false }
        guard ["TCP", "UDP", "SCTP"].contains(parts[1]) else { return false }
        return parts.count == 2 || ["PROTO", "PORT", "ADDR"].contains(parts[2])
    }
}

extension StringProtocol {
    /// What follows `prefix`; nil if it does not begin so.
    fileprivate func withoutPrefix(_ prefix: String) -> SubSequence? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
