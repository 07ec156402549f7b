import Foundation
import RedisClient
import Support
import Testing

@Suite("Redis client: TLS", .timeLimit(.minutes(5)))
struct TLSTests {
    /// A server that is reached by TLS only, and who may reach it.
    private struct Scene {
        let redis: RunningRedis
        let certificates: TestCertificates
        let folder: URL

        func configuration(
            _ tls: RedisTLS, host: String = "127.0.0.1", timeout: Duration = .seconds(10)
        ) -> RedisConfiguration {
            RedisConfiguration(
                server: .address(.tcp(host: host, port: redis.port)), tls: tls, timeout: timeout)
        }

        func trust() throws -> RedisTLS {
            try RedisTLS(trustFile: certificates.trustFile, certificateFile: nil, keyFile: nil)
        }
    }

    private func with(
        _ kind: TestCertificates.Server = .trusted, asksForCertificates: Bool = false,
        _ body: (Scene) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            let server = try await certificates.server(kind)
            let options = [
                "--tls-cert-file", server.certificate, "--tls-key-file", server.key, "--tls-ca-cert-file",
                certificates.trustFile, "--tls-auth-clients", asksForCertificates ? "yes" : "no",
            ]
            try await RunningRedis.with(options, .tls) { redis in
                try await body(Scene(redis: redis, certificates: certificates, folder: folder))
            }
        }
    }

    @Test(
        "A server whose certificate is for its name or address is talked to",
        arguments: ["localhost", "127.0.0.1"])
    func trusted(host: String) async throws {
        try await with { scene in
            try await ClientCase.with(scene.configuration(try scene.trust(), host: host)) { client in
                try await client.ready()
                try await client.reply("SET", "key", String(repeating: "x", count: 3_000_000))
                #expect(try await client.reply("STRLEN", "key") == .integer(3_000_000))
                #expect(try await client.reply("GET", "key").bytes?.count == 3_000_000)
                try await client.client.subscribe("channel")
                try await scene.redis.command("PUBLISH", "channel", "hello")
                try await eventually("a message") { client.notes.messages.count == 1 }
            }
        }
    }

    /// What the client says of a server that it must not talk to.
    private func problem(_ configuration: RedisConfiguration) async throws -> String {
        let said = Said()
        try await ClientCase.with(configuration) { client in
            try await eventually("a problem") { !client.notes.notices.isEmpty }
            guard case .notReady(let error) = client.notes.notices[0] else { return }
            said.text = error.detail
            #expect(await !client.client.isReady)
            #expect(await client.error(of: "PING")?.code == .unavailable)
        }
        return said.text
    }

    @Test("A server that an unknown authority vouches for is refused")
    func unknownAuthority() async throws {
        try await with { scene in
            let other = scene.folder.appending(path: "other")
            try FileManager.default.createDirectory(at: other, withIntermediateDirectories: false)
            let trust = try await TestCertificates(in: other).trustFile
            for file in [trust, nil] {
                let tls = try RedisTLS(trustFile: file, certificateFile: nil, keyFile: nil)
                let text = try await problem(scene.configuration(tls))
                #expect(text.contains("the certificate is refused") && text.contains("unknown"), "\(text)")
            }
        }
    }

    @Test("A server whose certificate is for another name is refused")
    func otherName() async throws {
        try await with(.otherName) { scene in
            for host in ["localhost", "127.0.0.1"] {
                let text = try await problem(scene.configuration(try scene.trust(), host: host))
                #expect(text.contains("the certificate is refused") && text.contains("name"), "\(text)")
            }
        }
    }

    @Test("A server whose certificate has expired is refused")
    func expired() async throws {
        try await with(.expired) { scene in
            let text = try await problem(scene.configuration(try scene.trust()))
            #expect(text.contains("the certificate is refused") && text.contains("expired"), "\(text)")
        }
    }

    @Test("A server that asks for certificates is shown ours; without one the server's refusal is told")
    func clientCertificate() async throws {
        try await with(asksForCertificates: true) { scene in
            let text = try await problem(scene.configuration(try scene.trust()))
            #expect(text.contains("ended TLS: Certificate is required"), "\(text)")
            let own = try await scene.certificates.client()
            let tls = try RedisTLS(
                trustFile: scene.certificates.trustFile, certificateFile: own.certificate, keyFile: own.key)
            try await ClientCase.with(scene.configuration(tls)) { client in
                try await client.ready()
                #expect(try await client.reply("PING") == .status("PONG"))
            }
        }
    }

    @Test("A server without TLS is no server with TLS")
    func plainServer() async throws {
        try await RunningRedis.with { redis in
            let tls = try RedisTLS(trustFile: nil, certificateFile: nil, keyFile: nil)
            var configuration = RedisConfiguration(redis, timeout: .seconds(2))
            configuration.tls = tls
            #expect(try await problem(configuration).contains("TLS"))
        }
    }

    @Test("Files that are not there, or hold nothing of use, are named")
    func badFiles() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            let empty = folder.appending(path: "empty").path
            try Data().write(to: URL(filePath: empty))
            let client = try await certificates.client()
            let cases: [(trust: String?, certificate: String?, key: String?, named: String)] = [
                ("/nowhere/ca.pem", nil, nil, "/nowhere/ca.pem"), (empty, nil, nil, empty),
                (nil, "/nowhere/own.pem", client.key, "/nowhere/own.pem"),
                (nil, client.certificate, certificates.trustFile, certificates.trustFile),
            ]
            for (trust, certificate, key, named) in cases {
                #expect {
                    _ = try RedisTLS(trustFile: trust, certificateFile: certificate, keyFile: key)
                } throws: { error in
                    "\(error)".contains(named)
                }
            }
        }
    }
}

/// Written by the body of a test and read after it.
private final class Said: @unchecked Sendable {
    var text = ""
}
