/// A rule about two keys whose values are allowed one by one: the first may not be more than the second.
struct ConfigurationRule: Sendable {
    let smaller: String
    let larger: String
    let holds: @Sendable (Configuration) -> Bool

    private init(_ smaller: String, _ larger: String, holds: @escaping @Sendable (Configuration) -> Bool) {
        self.smaller = smaller
        self.larger = larger
        self.holds = holds
    }

    /// Every rule. A number must be remembered for as long as a ticket's holder may still come back with it.
    static let all = [
        ConfigurationRule("locks.default_lifetime", "locks.max_lifetime") {
            $0.locks.defaultLifetime <= $0.locks.maxLifetime
        },
        ConfigurationRule("locks.max_lifetime", "locks.number_retention") {
            $0.locks.maxLifetime <= $0.locks.numberRetention
        },
        ConfigurationRule("locks.default_wait", "locks.max_wait") {
            $0.locks.defaultWait <= $0.locks.maxWait
        },
        ConfigurationRule("http.max_connections_per_ip", "http.max_connections") {
            $0.http.connectionsPerIPMax <= $0.http.connectionsMax
        },
    ]
}
