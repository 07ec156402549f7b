import ArgumentParser
import Logging
import Testing

@testable import ticketlockd

@Suite("Configuration: printing and the sample file")
struct ConfigurationPrintTests {
    @Test("config/ticketlockd.yaml is a comment and then what --print-config prints for the defaults")
    func sample() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = try ConfigurationFileReader.read("/\(folder)/config/ticketlockd.yaml")
        let text = try #require(String(validating: bytes, as: UTF8.self))
        let printed = try load().yaml
        #expect(text.hasSuffix(printed), "put the output of ticketlockd --print-config into it")
        let header = text.dropLast(printed.count).split(separator: "\n")
        #expect(!header.isEmpty && header.allSatisfy { $0.hasPrefix("#") })
        let read = try load(file: text)
        #expect(read.configuration == .defaults)
        #expect(Set(read.sources.keys) == Set(ConfigurationKey.all.map(\.name)))
    }

    @Test("Each key is printed with its explanation and what it allows")
    func explained() throws {
        let lines = try load().yaml.split(separator: "\n").map { $0.drop { $0 == " " } }
        for key in ConfigurationKey.all {
            #expect(lines.contains("# \(key.explanation)"))
            #expect(lines.contains { $0.hasPrefix("# Allowed: \(key.allowed)") })
            #expect(lines.contains { $0.hasPrefix("\(key.sectionAndLeaf.leaf): ") })
            #expect(!key.explanation.contains("\n") && key.explanation.hasSuffix("."))
        }
        #expect(lines.allSatisfy { $0.count <= 106 })
    }

    /// For each key a value that is not its default.
    static let others = [
        "listen": "[::1]:0,unix:/run/a \"b\" \\ c#,systemd", "shutdown_delay": "7.5",
        "shutdown_timeout": "0.25",
        "store.type": "memory", "store.state_directory": "/var/lib/a b", "store.durability": "power",
        "locks.default_lifetime": "0.001", "locks.max_lifetime": "59.123456789", "locks.default_wait": "0",
        "locks.max_wait": "1.5", "locks.max_conversation_id_bytes": "1", "locks.max_locks": "2",
        "locks.max_tickets_per_lock": "3", "locks.max_tickets": "9", "locks.number_retention": "604800",
        "locks.max_retained_numbers": "4",
        "locks.max_idempotency_key_bytes": "5", "http.max_body_bytes": "64", "http.max_header_bytes": "1024",
        "http.reserved_connections": "6", "http.request_timeout": "0.5", "http.allowed_hosts": "*.a,b",
        "http.max_connections": "7", "http.max_connections_per_ip": "6", "http.idle_timeout": "8",
        "redis.host": "::1", "redis.port": "1", "redis.db": "0", "redis.username": "a\"b\\",
        "redis.password_file": "word", "redis.use_ssl": "true", "redis.ssl_certfile": "/a #b",
        "redis.ssl_keyfile": "/c", "redis.ssl_ca_certs": "/d", "redis.key_prefix": "x9",
        "redis.socket_timeout": "0.5", "redis.sentinels": "a:1,[::1]:2", "redis.sentinel_master": "m",
        "redis.sentinel_username": "s", "redis.sentinel_password_file": "/e", "redis.wait_replicas": "2",
        "http.unix_socket_mode": "0007", "log.level": "trace", "log.format": "json",
    ]

    @Test("What is printed reads back to the same configuration, with every key changed")
    func roundTrip() throws {
        let loaded = try load(Self.others.flatMap { ["--set", "\($0)=\($1)"] })
        // It does not go with some of the others.
        let apart = "redis.unix_socket"
        #expect(loaded.sources.count == ConfigurationKey.all.count - 1)
        let read = try load(file: loaded.yaml)
        #expect(read.configuration == loaded.configuration)
        for key in ConfigurationKey.all where !["store.type", apart].contains(key.name) {
            #expect(key.yaml(read.configuration) != key.yaml(.defaults), "\(key.name)")
        }
        let socket = try load(["--set", "\(apart)=/run/redis.sock"])
        #expect(try load(file: socket.yaml).configuration == socket.configuration)
        #expect(socket.configuration.redis.unixSocket == "/run/redis.sock")
    }

    @Test("Each key that was set has its source beside it, even one that would break the line")
    func sources() throws {
        let options = try DaemonOptions.parse(["--config", "a\nb: [", "--log-level", "debug"])
        let loaded = try Configuration.load(options: options, environment: ["TICKETLOCKD_LOG_FORMAT": "json"])
        { _ in
            Array("\nlocks: {max_locks: 9}".utf8)
        }
        #expect(loaded.yaml.contains("    max_locks: 9  # a\\nb: [:2\n"))
        #expect(loaded.yaml.contains("    level: debug  # --log-level\n"))
        #expect(loaded.yaml.contains("    format: json  # environment TICKETLOCKD_LOG_FORMAT\n"))
        #expect(loaded.yaml.contains("    max_wait: 300\n"))
        #expect(try load(file: loaded.yaml).configuration == loaded.configuration)
    }

    @Test("On reload the keys that can change do, and every difference is told")
    func reload() throws {
        let new = try load(["--set", "log.level=debug", "--set", "http.max_connections=5"]).configuration
        let (configuration, changes) = Configuration.defaults.reloading(new)
        #expect(
            changes == [
                .init(key: "http.max_connections", old: "10000", new: "5", isReloadable: false),
                .init(key: "log.level", old: "info", new: "debug", isReloadable: true),
            ])
        var expected = Configuration.defaults
        expected.log.level = .debug
        #expect(configuration == expected)
        #expect(Configuration.defaults.reloading(.defaults).changes.isEmpty)
    }

    @Test("The help names every flag and shows examples")
    func help() {
        let help = DaemonOptions.helpMessage()
        for flag in ["--config", "--listen", "--log-level", "--set", "--check-config", "--print-config"] {
            #expect(help.contains(flag))
        }
        let command = DaemonOptions.commandConfiguration(version: "1.2.3")
        #expect(command.version == "1.2.3" && command.discussion.contains("Examples:"))
        #expect(command.discussion.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
