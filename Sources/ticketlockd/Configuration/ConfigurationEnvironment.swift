/// The entries of the environment's variables that are ours.
enum ConfigurationEnvironment {
    /// Rasa's name for `locks.default_lifetime`, heeded only if ours is not set.
    static let rasaLifetimeName = "TICKET_LOCK_LIFETIME"

    /// What systemd calls the StateDirectory= of a service, which stands in for the default of
    /// `store.state_directory`: below the file, where it can be set to another or to none.
    static let stateDirectoryName = "STATE_DIRECTORY"
    /// Options of the command line that ticketlockd.service adds to its own; not the daemon's to read.
    static let optionsName = "TICKETLOCKD_OPTIONS"

    /// What takes the place of defaults.
    static func standIns(_ environment: [String: String]) -> [ConfigurationEntry] {
        // Of several, separated by colons, the first.
        guard let path = environment[stateDirectoryName]?.split(separator: ":").first else { return [] }
        return [
            .init(
                key: "store.state_directory", value: .scalar(String(path)),
                source: .environment(name: stateDirectoryName))
        ]
    }

    /// The known variables as entries, and an error for each unknown one that begins like ours and is not
    /// Kubernetes'.
    static func read(
        _ environment: [String: String]
    ) -> (entries: [ConfigurationEntry], errors: [ConfigurationError]) {
        var entries: [ConfigurationEntry] = []
        let kubernetes = Set(KubernetesVariables.names(in: environment))
        var known = kubernetes.union([optionsName])
        for key in ConfigurationKey.all {
            known.insert(key.environmentName)
            var name = key.environmentName
            if key.name == "locks.default_lifetime", environment[name] == nil { name = rasaLifetimeName }
            guard let text = environment[name], !kubernetes.contains(name) else { continue }
            entries.append(.init(key: key.name, value: .scalar(text), source: .environment(name: name)))
        }
        let unknown = environment.keys.filter { $0.hasPrefix(ConfigurationKey.environmentPrefix) }
            .filter { !known.contains($0) }.sorted()
        let names = ConfigurationKey.all.map(\.environmentName)
        let errors = unknown.map { name in
            let hint = NearestName.hint(forSecret: name) ?? NearestName.suggestion(for: name, among: names)
            let detail = "is not a variable of ticketlockd" + hint
            return ConfigurationError(
                code: .unknownKey, key: name, detail: detail, source: .environment(name: name))
        }
        return (entries, errors)
    }
}

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
