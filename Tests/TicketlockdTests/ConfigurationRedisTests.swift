import RedisClient
import Support
import Synchronization
import Testing

@testable import ticketlockd

@Suite("Configuration: Redis")
struct ConfigurationRedisTests {
    @Test(
        "A setting that would be of no effect, or not go with another, is refused with both",
        arguments: [
            ("{username: ada}", "redis.username", "redis.password_file"),
            ("{ssl_certfile: /c}", "redis.ssl_certfile", "redis.use_ssl"),
            ("{use_ssl: true, ssl_keyfile: /k}", "redis.ssl_keyfile", "redis.ssl_certfile"),
            ("{ssl_ca_certs: /c}", "redis.ssl_ca_certs", "redis.use_ssl"),
            ("{unix_socket: /s, use_ssl: true}", "redis.unix_socket", "redis.use_ssl"),
            ("{sentinels: [a:1]}", "redis.sentinels", "redis.sentinel_master"),
            ("{sentinel_master: m}", "redis.sentinel_master", "redis.sentinels"),
            ("{sentinel_password_file: /p}", "redis.sentinel_password_file", "redis.sentinels"),
            (
                "{sentinels: [a:1], sentinel_master: m, sentinel_username: a}", "redis.sentinel_username",
                "redis.sentinel_password_file"
            ),
            (
                "{unix_socket: /s, sentinels: [a:1], sentinel_master: m}", "redis.unix_socket",
                "redis.sentinels"
            ),
        ])
    func rules(settings: String, key: String, other: String) throws {
        let found = try errors(file: "redis: \(settings)")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("\(key): ") == true && found.first?.contains(" \(other), ") == true)
    }

    @Test("Who writes a password into the settings is told where it goes, and it is not shown")
    func passwordInSettings() throws {
        let hint = "write the password into a file of its own, and name that with redis.password_file"
        let environment = ["TICKETLOCKD_REDIS_PASSWORD": "secret"]
        let found = try [
            errors(file: "redis: {password: secret}"), errors(["--set", "redis.password=secret"]),
            errors(environment: environment),
        ]
        for messages in found {
            #expect(messages.count == 1)
            #expect(messages.first?.contains(hint) == true)
            #expect(messages.first?.contains("secret") == false)
        }
    }

    @Test(
        "A bound that cannot be kept in Redis is refused with it: on retained numbers, and on all tickets",
        arguments: [("locks.max_retained_numbers", 1_000_000), ("locks.max_tickets", 10_000_000)])
    func bounds(key: String, default: Int) throws {
        let redis = ["--set", "store.type=redis", "--set"]
        #expect(try errors(redis + ["\(key)=\(`default`)"]).isEmpty)
        let found = try errors(redis + ["\(key)=5"])
        #expect(found.count == 1 && found.first?.hasPrefix("\(key): ") == true, "\(found)")
        #expect(try errors(["--set", "\(key)=5"]).isEmpty)
    }

    @Test("A key prefix that is not alphanumeric is refused in plain words")
    func keyPrefix() throws {
        #expect(
            try errors(["--set", "redis.key_prefix=my-app"]) == [
                "redis.key_prefix: \"my-app\" is not at most 64 of the letters a to z and A to Z and digits, "
                    + "or empty for none [--set]"
            ])
    }

    @Test("The server is the Unix socket, the sentinels or the host, whichever is named")
    func server() throws {
        let server = { (settings: String) in
            try load(file: "redis: \(settings)").redis(credentialsDirectory: nil).server
        }
        #expect(try server("{}") == .address(.tcp(host: "localhost", port: 6379)))
        #expect(try server("{host: \"::1\", port: 7}") == .address(.tcp(host: "::1", port: 7)))
        #expect(try server("{unix_socket: /s}") == .address(.unix(path: "/s")))
        #expect(
            try server("{sentinels: [\"a:1\", \"[::1]:2\"], sentinel_master: m}")
                == .sentinels([.tcp(host: "a", port: 1), .tcp(host: "::1", port: 2)], master: "m"))
    }

    @Test("Whom the address stands for and how long to wait are handed on")
    func handedOn() throws {
        let file = "redis: {db: 7, username: ada, password_file: /p, socket_timeout: 0.5}"
        let redis = try load(file: file).redis(credentialsDirectory: nil) { _ in Array("secret".utf8) }
        #expect(redis.database == 7 && redis.timeout == .milliseconds(500) && redis.tls == nil)
        #expect(redis.username == "ada" && redis.password == "secret")
    }

    @Test(
        "The password is the file's text without the line feed at its end",
        arguments: [
            ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), (" s \n\n", " s \n"),
        ])
    func password(text: String, password: String) throws {
        let loaded = try load(["--set", "redis.password_file=/p"])
        #expect(try loaded.redis(credentialsDirectory: nil) { _ in Array(text.utf8) }.password == password)
    }

    @Test("The files are read again for each connection, and what is wrong with them then is told")
    func readAgain() throws {
        let text = Mutex("one")
        let file =
            "redis: {password_file: /p, sentinels: [a:1], sentinel_master: m, sentinel_password_file: /q}"
        let redis = try load(file: file).redis(credentialsDirectory: nil) { path in
            Array((path == "/q" ? "of sentinels" : text.withLock { $0 }).utf8)
        }
        #expect(redis.password == "one" && redis.sentinelPassword == "of sentinels")
        text.withLock { $0 = "two" }
        let reread = try #require(redis.reread)
        #expect(try reread().password == "two")
        text.withLock { $0 = "" }
        #expect(throws: RedisError.self) { try reread() }
        #expect(try load(file: "redis: {}").redis(credentialsDirectory: nil).reread == nil)
    }

    @Test("A password's file without a path is a credential of systemd's")
    func credential() throws {
        let loaded = try load(["--set", "redis.password_file=redis-password"])
        let redis = try loaded.redis(credentialsDirectory: "/run/credentials/x") { path in Array(path.utf8) }
        #expect(redis.password == "/run/credentials/x/redis-password")
        #expect(
            try problems(of: loaded) == [
                "redis.password_file: \"redis-password\" is no credential: systemd has given none "
                    + "(CREDENTIALS_DIRECTORY) [--set]"
            ])
    }

    @Test("Files that are of no use are told with their key, all at once")
    func badFiles() throws {
        let missing = try load(
            file: "redis: {password_file: /nowhere/p, use_ssl: true, ssl_ca_certs: /nowhere/c}")
        let found = try problems(of: missing)
        #expect(found.count == 2)
        #expect(
            found.first
                == "redis.password_file: \"/nowhere/p\" cannot be read: No such file or directory [test.yaml:1]"
        )
        #expect(found.last?.hasPrefix("redis.use_ssl: /nowhere/c: ") == true)
        let loaded = try load(["--set", "redis.password_file=/p"])
        let cases: [([UInt8], String)] = [
            ([], "is empty"), ([0x0a], "is empty"), ([0xff], "is not valid UTF-8"),
        ]
        for (bytes, words) in cases {
            #expect(
                try problems(of: loaded) { _ in bytes } == ["redis.password_file: \"/p\" \(words) [--set]"])
        }
    }

    private func problems(
        of loaded: LoadedConfiguration,
        readFile: @escaping @Sendable (String) throws(ConfigurationProblem) -> [UInt8] =
            ConfigurationFileReader.read
    ) throws -> [String] {
        do throws(ConfigurationErrors) {
            _ = try loaded.redis(credentialsDirectory: nil, readFile: readFile)
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }
}
