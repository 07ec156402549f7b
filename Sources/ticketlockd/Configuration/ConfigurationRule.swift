import HTTPServer
import LockStore
import TicketLock

/// A rule about two keys whose values are allowed one by one but not together.
struct ConfigurationRule: Sendable {
    /// The key that an error names first.
    let key: String
    let other: String
    /// What stands between the key's value and the other key in an error: `is more than`.
    let words: String
    let holds: @Sendable (Configuration) -> Bool

    private init(
        _ key: String, _ words: String, _ other: String, holds: @escaping @Sendable (Configuration) -> Bool
    ) {
        self.key = key
        self.other = other
        self.words = words
        self.holds = holds
    }

    /// The first may not be more than the second.
    private static func atMost(
        _ key: String, _ other: String, holds: @escaping @Sendable (Configuration) -> Bool
    ) -> Self {
        Self(key, "is more than", other, holds: holds)
    }

    /// Every rule. A number must be remembered for as long as a ticket's holder may still come back with it.
    static let all =
        [
            atMost("locks.default_lifetime", "locks.max_lifetime") {
                $0.locks.defaultLifetime <= $0.locks.maxLifetime
            },
            atMost("locks.max_lifetime", "locks.number_retention") {
                $0.locks.maxLifetime <= $0.locks.numberRetention
            },
            atMost("locks.default_wait", "locks.max_wait") { $0.locks.defaultWait <= $0.locks.maxWait },
            atMost("http.max_connections_per_ip", "http.max_connections") {
                $0.http.limits.connectionsPerAddressMax <= $0.http.limits.connectionsMax
            },
            ConfigurationRule("http.reserved_connections", "is not less than", "http.max_connections") {
                ($0.http.reservedConnections ?? 0) < $0.http.limits.connectionsMax
            },
            ConfigurationRule("store.durability", "is of no use without a value of", "store.state_directory")
            {
                $0.store.durability != .power || $0.store.stateDirectory != nil
            },
            ConfigurationRule("locks.max_tickets", "is not a limit that can be kept with", "store.type") {
                $0.store.type != .redis
                    || $0.locks.ticketsMax == Configuration.defaults.locks.ticketsMax
            },
            ConfigurationRule(
                "locks.max_retained_numbers", "is not a limit that can be kept with", "store.type"
            ) {
                $0.store.type != .redis
                    || $0.locks.retainedNumbersMax == Configuration.defaults.locks.retainedNumbersMax
            },
        ] + redis

    /// What would be of no effect is refused: whoever names a certificate believes to be using TLS.
    private static let redis = [
        ConfigurationRule("redis.username", "is of no use without a value of", "redis.password_file") {
            $0.redis.username == nil || $0.redis.passwordFile != nil
        },
        ConfigurationRule("redis.ssl_certfile", "is of no use without", "redis.use_ssl") {
            $0.redis.certificateFile == nil || $0.redis.usesTLS
        },
        ConfigurationRule("redis.ssl_keyfile", "is of no use without a value of", "redis.ssl_certfile") {
            $0.redis.keyFile == nil || $0.redis.certificateFile != nil
        },
        ConfigurationRule("redis.ssl_ca_certs", "is of no use without", "redis.use_ssl") {
            $0.redis.trustFile == nil || $0.redis.usesTLS
        },
        ConfigurationRule("redis.unix_socket", "does not go with", "redis.use_ssl") {
            $0.redis.unixSocket == nil || !$0.redis.usesTLS
        },
        ConfigurationRule("redis.unix_socket", "does not go with", "redis.sentinels") {
            $0.redis.unixSocket == nil || $0.redis.sentinels.isEmpty
        },
        ConfigurationRule("redis.sentinels", "needs a value of", "redis.sentinel_master") {
            $0.redis.sentinels.isEmpty || $0.redis.sentinelMaster != nil
        },
        ConfigurationRule("redis.sentinel_password_file", "is of no use without", "redis.sentinels") {
            $0.redis.sentinelPasswordFile == nil || !$0.redis.sentinels.isEmpty
        },
        ConfigurationRule(
            "redis.sentinel_username", "is of no use without a value of", "redis.sentinel_password_file"
        ) {
            $0.redis.sentinelUsername == nil || $0.redis.sentinelPasswordFile != nil
        },
        ConfigurationRule("redis.sentinel_master", "is of no use without", "redis.sentinels") {
            $0.redis.sentinelMaster == nil || !$0.redis.sentinels.isEmpty
        },
    ]
}
