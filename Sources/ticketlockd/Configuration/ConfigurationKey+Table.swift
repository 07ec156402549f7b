import HTTPServer
import LockStore
import Logging
import TicketLock

extension ConfigurationKey {
    /// Every key, in the order of `config/ticketlockd.yaml`. The one place for names, bounds, defaults and
    /// words.
    static let all: [ConfigurationKey] =
        topLevel + redis + locks + http + [
            ConfigurationKey(
                "log.level", \.log.level, .word, default: .info, reloadable: true,
                "The least severe lines that are logged."),
            ConfigurationKey(
                "log.format", \.log.format, .word, default: .text,
                "How lines look: text for people and the journal, json for machines."),
        ]

    private static let day: Duration = .seconds(86_400)

    private static let topLevel = [
        ConfigurationKey(
            "listen", \.listen, .addresses(countMax: 16), default: [.ipv4(host: "127.0.0.1", port: 5625)],
            "Where to listen; port 0 picks a free one, systemd means socket activation."),
        ConfigurationKey(
            "shutdown_delay", \.shutdownDelay, .seconds(.zero ... .seconds(600)), default: .zero,
            reloadable: true,
            "How long /readyz says 503 before an orderly end begins, for balancers to look elsewhere."),
        ConfigurationKey(
            "shutdown_timeout", \.shutdownTimeout, .seconds(.zero ... .seconds(600)), default: .seconds(10),
            "The longest that an orderly end may take."),
        ConfigurationKey("store.type", \.store.type, .word, default: .memory, "Where ticket locks live."),
        ConfigurationKey(
            "store.state_directory", \.store.stateDirectory, .optionalDirectory, default: nil,
            "Where the store in memory keeps its locks on disk as well; if empty, nowhere."),
        ConfigurationKey(
            "store.durability", \.store.durability, .word, default: .process,
            "What the locks on disk survive: any death of the process, or also a loss of power."),
    ]

    private static let locks = [
        ConfigurationKey(
            "locks.default_lifetime", \.locks.defaultLifetime, .seconds(.milliseconds(1)...day),
            default: .seconds(60), reloadable: true, "A ticket's lifetime when the caller names none."),
        ConfigurationKey(
            "locks.max_lifetime", \.locks.maxLifetime, .seconds(.milliseconds(1)...day),
            default: .seconds(3600),
            reloadable: true, "The longest lifetime a caller may ask for."),
        ConfigurationKey(
            "locks.default_wait", \.locks.defaultWait, .seconds(.zero...day), default: .seconds(30),
            reloadable: true, "How long wait and acquire wait when the caller names no timeout."),
        ConfigurationKey(
            "locks.max_wait", \.locks.maxWait, .seconds(.zero...day), default: .seconds(300),
            reloadable: true,
            "The longest timeout a caller may ask for."),
        ConfigurationKey(
            "locks.max_conversation_id_bytes", \.locks.conversationIDBytesMax, .integer(1...512),
            default: 512,
            reloadable: true, "The longest conversation ID, in bytes of UTF-8."),
        ConfigurationKey(
            "locks.max_locks", \.locks.locksMax, .integer(1...100_000_000), default: 1_000_000,
            reloadable: true,
            "The most ticket locks; idle empty ones make room first."),
        ConfigurationKey(
            "locks.max_tickets_per_lock", \.locks.ticketsPerLockMax, .integer(1...1_000_000), default: 10_000,
            reloadable: true, "The most tickets in one conversation's queue."),
        ConfigurationKey(
            "locks.max_tickets", \.locks.ticketsMax, .integer(1...100_000_000), default: 10_000_000,
            reloadable: true, "The most tickets in all queues together."),
        ConfigurationKey(
            "locks.number_retention", \.locks.numberRetention,
            .seconds(.milliseconds(1) ... .seconds(604_800)),
            default: .seconds(3600), reloadable: true,
            "How long a deleted lock's numbers are not given out again."),
        ConfigurationKey(
            "locks.max_retained_numbers", \.locks.retainedNumbersMax, .integer(1...100_000_000),
            default: 1_000_000, reloadable: true,
            "The most deleted locks whose numbers are remembered; the oldest goes first."),
        ConfigurationKey(
            "locks.max_idempotency_key_bytes", \.locks.idempotencyKeyBytesMax, .integer(1...1024),
            default: 255,
            reloadable: true, "The longest Idempotency-Key header, in bytes."),
    ]

    private static let http = [
        ConfigurationKey(
            "http.max_body_bytes", \.http.limits.bodyBytesMax, .integer(64...1_048_576), default: 16_384,
            reloadable: true, "The longest request body, in bytes."),
        ConfigurationKey(
            "http.max_header_bytes", \.http.limits.headerBytesMax, .integer(1024...65_536), default: 8192,
            "The longest request line and headers together, in bytes."),
        ConfigurationKey(
            "http.max_connections", \.http.limits.connectionsMax, .integer(1...1_000_000), default: 10_000,
            "The most open connections."),
        ConfigurationKey(
            "http.reserved_connections", \.http.reservedConnections, .optionalInteger(0...999_999, "a tenth"),
            default: nil,
            "Of these, how many are kept for requests that do not wait; if empty, a tenth."),
        ConfigurationKey(
            "http.max_connections_per_ip", \.http.limits.connectionsPerAddressMax, .integer(0...1_000_000),
            default: 0,
            "The most open connections of one IP address; 0 for no limit."),
        ConfigurationKey(
            "http.idle_timeout", \.http.limits.idleTimeout, .wholeSeconds(.seconds(1)...day),
            default: .seconds(60),
            "How long a connection may send nothing before it is closed."),
        ConfigurationKey(
            "http.request_timeout", \.http.limits.requestTimeout,
            .seconds(.milliseconds(100) ... .seconds(3600)),
            default: .seconds(30), "The longest that a request may take to arrive, from its first byte on."),
        ConfigurationKey(
            "http.allowed_hosts", \.http.allowedHosts, .hostPatterns(countMax: 64), default: [],
            reloadable: true,
            "Names in the Host header that are answered beside IP addresses, the machine's and those without a dot."
        ),
        ConfigurationKey(
            "http.unix_socket_mode", \.http.unixSocketMode, .fileMode, default: 0o660,
            "The permissions of a unix: listener's socket."),
    ]
}
