import HTTPServer
import Logging
import Testing
import TicketLock

@testable import ticketlockd

@Suite("Configuration: each key's edges")
struct ConfigurationKeyTests {
    /// A key with the values that are just allowed and just not.
    struct Edges: CustomTestStringConvertible {
        let key: String
        let good: [String]
        let bad: [String]
        /// What the file says besides, to keep the rules between keys out of the way.
        var room = ""
        var testDescription: String { key }
    }

    static let notNumbers = [
        "", " 1", "1 ", "60s", "1e400", "1e3", "NaN", "nan", "inf", "0x10", "-1", "-0", "+5", "1_000", "007",
        "1,5", "true",
        "null", "~", "\u{663}", "99999999999999999999", "1.", ".5", "1.2.3",
    ]
    static let span = ["0.001", "60", "0.5", "86399.999999999", "86400"]
    static let spanWrong = ["0", "0.0009", "86400.000000001", "86401", "1.0000000001"]

    static let table: [Edges] =
        [
            Edges(key: "locks.default_lifetime", good: span, bad: spanWrong + notNumbers),
            Edges(key: "locks.max_lifetime", good: ["60", "86400"], bad: spanWrong + notNumbers),
            Edges(key: "locks.default_wait", good: ["0", "0.001", "86400"], bad: ["86400.1"] + notNumbers),
            Edges(key: "locks.max_wait", good: ["30", "86400"], bad: ["86400.1"] + notNumbers),
            Edges(
                key: "locks.number_retention", good: ["86400", "604800"],
                bad: ["0.0009", "604800.5"] + notNumbers),
            Edges(
                key: "locks.max_conversation_id_bytes", good: ["1", "512"],
                bad: ["0", "513", "1.0"] + notNumbers),
            Edges(key: "locks.max_locks", good: ["1", "100000000"], bad: ["0", "100000001"] + notNumbers),
            Edges(
                key: "locks.max_tickets_per_lock", good: ["1", "1000000"], bad: ["0", "1000001"] + notNumbers),
            Edges(key: "locks.max_tickets", good: ["1", "100000000"], bad: ["0", "100000001"] + notNumbers),
            Edges(
                key: "locks.max_retained_numbers", good: ["1", "100000000"],
                bad: ["0", "100000001"] + notNumbers),
            Edges(
                key: "locks.max_idempotency_key_bytes", good: ["1", "1024"], bad: ["0", "1025"] + notNumbers),
            Edges(key: "http.max_body_bytes", good: ["64", "1048576"], bad: ["63", "1048577"] + notNumbers),
            Edges(
                key: "http.max_header_bytes", good: ["1024", "65536"], bad: ["1023", "65537"] + notNumbers),
            Edges(key: "http.max_connections", good: ["1", "1000000"], bad: ["0", "1000001"] + notNumbers),
            Edges(key: "http.max_connections_per_ip", good: ["0", "10000"], bad: ["1000001"] + notNumbers),
            Edges(
                key: "http.reserved_connections", good: ["", "0", "9999"],
                bad: ["-1", "1000000", "a tenth", "1.0"]),
            Edges(
                key: "http.request_timeout", good: ["0.1", "3600"], bad: ["0.09", "3600.1"] + notNumbers),
            Edges(
                key: "http.allowed_hosts",
                good: [
                    "", "*", "*.example", "a.example,b.example",
                    (1...64).map { "h\($0).example" }.joined(separator: ","),
                ],
                bad: [
                    "a:80", "http://a", "*.", "**", "a.*", "::1", "a b", "a,a",
                    (1...65).map { "h\($0).example" }.joined(separator: ","),
                ]),
            Edges(
                key: "http.idle_timeout", good: ["1", "86400"],
                bad: ["0", "86401", "1.5", "1.0"] + notNumbers),
            Edges(
                key: "http.unix_socket_mode", good: ["0000", "0777", "000", "660", "0600"],
                bad: ["1000", "0778", "rw", "00", "00660", "-660", "0o660", ""]),
            Edges(key: "shutdown_delay", good: ["0", "600"], bad: ["600.1"] + notNumbers),
            Edges(key: "shutdown_timeout", good: ["0", "600"], bad: ["600.1"] + notNumbers),
            Edges(key: "store.type", good: ["memory", "redis"], bad: ["", "Memory", "redis:", "memory "]),
            Edges(
                key: "store.state_directory", good: ["", "/a", "/a/", "/var/lib/a b"],
                bad: ["a", "./a", "/", "//", "/a//", "~/a", "/a\nb"]),
            Edges(
                key: "store.durability", good: ["process", "power"], bad: ["", "Power", "none", "process "],
                room: "store: {state_directory: /a}"),
        ] + redis + [
            Edges(
                key: "log.level", good: ["trace", "debug", "info", "notice", "warning", "error", "critical"],
                bad: ["", "INFO", "warn", "7", "trace,debug"]),
            Edges(key: "log.format", good: ["text", "json"], bad: ["", "auto", "xml", "JSON"]),
            Edges(
                key: "listen",
                good: [
                    "127.0.0.1:0", "0.0.0.0:65535", "[::1]:0", "[::]:5625", "unix:/a", "systemd",
                    "127.0.0.1:1,[::1]:1",
                    "unix:/" + String(repeating: "x", count: 106),
                    (1...16).map { "127.0.0.1:\($0)" }.joined(separator: ","),
                ],
                bad: [
                    "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http",
                    "127.0.0.1:080",
                    "127.1:1", "127.0.0.256:1", ":5625", "::1:5625", "[::1]", "[::g]:1", "[127.0.0.1]:1",
                    "[::ffff:127.0.0.1]:1",
                    "localhost:1",
                    "*:1", "unix:", "unix:a", "unix:/", "unix:/a/", "unix:/a\nb", "systemd:1", "SYSTEMD",
                    "127.0.0.1:1,",
                    "unix:/" + String(repeating: "x", count: 107), "127.0.0.1\0:1",
                    "127.0.0.1:1,127.0.0.1:1", "[::1]:1,[0:0::1]:1", "systemd,systemd", "unix:/a,unix:/a",
                    (1...17).map { "127.0.0.1:\($0)" }.joined(separator: ","),
                ]),
        ]

    @Test("Every key of the table has its edges here")
    func complete() {
        #expect(Set(Self.table.map(\.key)) == Set(ConfigurationKey.all.map(\.name)))
        #expect(Self.table.count == ConfigurationKey.all.count)
    }

    @Test("A value at its bound is taken", arguments: table)
    func accepts(edges: Edges) throws {
        for value in edges.good {
            let loaded = try load(["--set", "\(edges.key)=\(value)"], file: roomyFile + "\n" + edges.room)
            #expect(loaded.sources[edges.key] == .flag("--set"), "\(value)")
        }
    }

    @Test(
        "What is not allowed is refused with the key, the value and what is",
        arguments: table)
    func refuses(edges: Edges) throws {
        let key = try #require(ConfigurationKey.named(edges.key))
        for value in edges.bad {
            let found = try errors(["--set", "\(edges.key)=\(value)"])
            let error = try #require(found.first, "\(QuotedText.shown(value)) was taken")
            #expect(error.hasPrefix("\(edges.key): "))
            #expect(error.contains(key.allowed) && error.hasSuffix(" [--set]"))
            if !key.isList { #expect(error.contains(QuotedText.shown(value))) }
        }
    }

    /// A user may have any name.
    static let refusing = ConfigurationKey.all.map(\.name).filter { $0 != "redis.username" }

    @Test("The same bad value is refused from every source", arguments: refusing)
    func everySource(name: String) throws {
        let key = try #require(ConfigurationKey.named(name))
        #expect(try errors(["--set", "\(name)=?"]).count == 1)
        #expect(
            try errors(environment: [key.environmentName: "?"]).first?.hasSuffix(
                "[environment \(key.environmentName)]") == true)
        #expect(try errors(file: "\n\(name): \"?\"\n").first?.hasSuffix("[test.yaml:2]") == true)
        #expect(
            try errors(file: "\(name):\n").first?.contains("has no value; allowed is \(key.allowed)") == true)
        #expect(try errors(file: "\(name): {a: 1}\n").first?.contains("a map is not \(key.allowed)") == true)
        #expect(try errors(file: "\(name): [[]]\n").count == 1)
    }

    @Test("The defaults are those of the design")
    func defaults() throws {
        let configuration = try load().configuration
        #expect(configuration == .defaults)
        #expect(configuration.listen == [.ipv4(host: "127.0.0.1", port: 5625)])
        #expect(configuration.locks.defaultLifetime == .seconds(60))
        #expect(configuration.locks.maxLifetime == .seconds(3600))
        #expect(configuration.locks.defaultWait == .seconds(30))
        #expect(configuration.locks.maxWait == .seconds(300))
        #expect(configuration.locks.conversationIDBytesMax == 512)
        #expect(configuration.locks.locksMax == 1_000_000)
        #expect(configuration.locks.ticketsPerLockMax == 10_000)
        #expect(configuration.locks.ticketsMax == 10_000_000)
        #expect(configuration.locks.numberRetention == .seconds(3600))
        #expect(configuration.locks.retainedNumbersMax == 1_000_000)
        #expect(configuration.locks.idempotencyKeyBytesMax == 255)
        #expect(configuration.http.limits.bodyBytesMax == 16_384)
        #expect(configuration.http.limits.headerBytesMax == 8192)
        #expect(configuration.http.limits.connectionsMax == 10_000)
        #expect(configuration.http.limits.connectionsPerAddressMax == 0)
        #expect(configuration.http.limits.idleTimeout == .seconds(60))
        #expect(configuration.http.unixSocketMode == 0o660)
        let redis = configuration.redis
        #expect(redis.host == "localhost" && redis.port == 6379 && redis.database == 1)
        #expect(redis.timeout == .seconds(10) && !redis.usesTLS && redis.sentinels.isEmpty)
        let none = [
            redis.username, redis.passwordFile, redis.certificateFile, redis.keyFile, redis.trustFile,
            redis.keyPrefix, redis.unixSocket, redis.sentinelMaster,
        ]
        #expect(none.allSatisfy { $0 == nil })
        #expect(configuration.shutdownTimeout == .seconds(10))
        #expect(configuration.log.level == .info && configuration.log.format == .text)
    }
}
