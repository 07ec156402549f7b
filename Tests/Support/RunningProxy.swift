import Foundation

/// nginx or HAProxy with the package's example, in front of a daemon. Made by ``with(_:_:_:)``, which ends it.
package struct RunningProxy: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case nginx, haproxy
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What curl was answered.
    package struct Answer: Sendable {
        package let status: Int
        package let text: String
        package let seconds: Double
    }

    package let kind: Kind
    private let port: UInt16
    private let folder: URL

    /// Whether Debian's packages are there.
    package static let areInstalled = Kind.allCases.allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/sbin/\($0.rawValue)")
    }

    package static func with<Value>(
        _ kind: Kind, _ daemon: RunningDaemon, _ body: (RunningProxy) async throws -> Value
    ) async throws -> Value {
        try await with(kind, port: try daemon.port, body)
    }

    /// Starts a proxy in front of a port at 127.0.0.1, runs `body`, and ends the proxy whatever happens there.
    package static func with<Value>(
        _ kind: Kind, port server: UInt16, _ body: (RunningProxy) async throws -> Value
    ) async throws -> Value {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates(in: folder)
            let identity = try await certificates.server(.trusted)
            let pair = try [identity.certificate, identity.key].map {
                try Data(contentsOf: URL(filePath: $0))
            }
            try (pair[0] + pair[1]).write(to: folder.appending(path: "both.pem"))
            // Somebody else may take the port before the proxy does.
            for _ in 0..<5 {
                let proxy = RunningProxy(kind: kind, port: try SocketAddress.freePort(), folder: folder)
                let process = try await proxy.launch(before: server, identity)
                defer { process.kill(group: true) }
                let address = try SocketAddress("127.0.0.1:\(proxy.port)")
                _ = try await eventually(within: .seconds(20)) { process.exit != nil || address.isListenedAt }
                if process.exit == nil { return try await body(proxy) }
            }
            let log = try String(contentsOf: folder.appending(path: "log"), encoding: .utf8)
            throw Failure(description: "\(kind) does not start: \(log)")
        }
    }

    /// At the proxy, by a name that its certificate has.
    package func url(_ target: String) -> String { "https://localhost:\(port)\(target)" }

    /// A running curl that trusts the proxy's certificate.
    package func start(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess(
            try Command.path(of: "curl"), trusting(arguments), environment: Command.inherited(adding: [:]),
            output: "/dev/null", errors: "/dev/null")
    }

    package func curl(_ arguments: String...) async throws -> Answer { try await curl(arguments) }

    package func curl(_ arguments: [String]) async throws -> Answer {
        let shown = ["--write-out", "\n%{http_code} %{time_total}"]
        let result = try await Command.run("curl", trusting(arguments + shown), timeout: .seconds(120))
        let lines = result.output.components(separatedBy: "\n")
        let figures = (lines.last ?? "").split(separator: " ")
        guard figures.count == 2, let status = Int(figures[0]), let seconds = Double(figures[1]) else {
            throw Failure(description: "curl: \(result.output)\(result.errors)")
        }
        return Answer(status: status, text: lines.dropLast().joined(separator: "\n"), seconds: seconds)
    }

    private func trusting(_ arguments: [String]) -> [String] {
        ["--silent", "--show-error", "--cacert", folder.appending(path: "authority.pem").path] + arguments
    }

    // MARK: Its process

    /// Puts the example's places and names in place of others, each of which must be there.
    private func example(_ name: String, _ replaced: KeyValuePairs<String, String>) throws -> String {
        let file = BuiltProducts.packageRoot.appending(path: "config/\(name)")
        var text = try String(contentsOf: file, encoding: .utf8)
        for (from, to) in replaced {
            guard text.contains(from) else { throw Failure(description: "\(from) is not in \(file.path)") }
            text = text.replacing(from, with: to)
        }
        return text
    }

    private func launch(before server: UInt16, _ identity: TestCertificates.Identity) async throws
        -> ChildProcess
    {
        let path = { (name: String) in folder.appending(path: name).path }
        let scheme = kind == .nginx ? "-apr1" : "-5"
        let hash = try await Command.run("openssl", ["passwd", scheme, "secret"]).output
            .trimmingCharacters(in: .newlines)
        let arguments: [String]
        switch kind {
        case .nginx:
            try Data("ops:\(hash)\n".utf8).write(to: folder.appending(path: "passwords"))
            let site = try example(
                "nginx/ticketlockd.conf",
                [
                    "server 127.0.0.1:5625;": "server 127.0.0.1:\(server);",
                    "listen 443 ": "listen 127.0.0.1:\(port) ",
                    "/etc/ssl/certs/locks.example.org.pem": identity.certificate,
                    "/etc/ssl/private/locks.example.org.key": identity.key,
                    "/etc/nginx/ticketlockd.htpasswd": path("passwords"),
                ])
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
                "\($0)_temp_path \(path($0));"
            }
            // As root it would become another user, who may not read the passwords.
            let user = getuid() == 0 ? "user root;" : ""
            let text = """
                \(user) worker_processes 1; pid \(path("pid")); events { worker_connections 1024; }
                http { access_log off; \(temporary.joined(separator: " "))
                \(site)
                }
                """
            try Data(text.utf8).write(to: folder.appending(path: "conf"))
            arguments = ["-p", folder.path, "-e", "stderr", "-c", path("conf"), "-g", "daemon off;"]
        case .haproxy:
            let text = try example(
                "haproxy/ticketlockd.cfg",
                [
                    "password !": "password \(hash)", "bind :443 ": "bind 127.0.0.1:\(port) ",
                    "/etc/haproxy/locks.example.org.pem": path("both.pem"),
                    "server one 127.0.0.1:5625 ": "server one 127.0.0.1:\(server) ",
                ])
            try Data(text.utf8).write(to: folder.appending(path: "conf"))
            arguments = ["-db", "-f", path("conf")]
        }
        return try ChildProcess(
            "/usr/sbin/\(kind.rawValue)", arguments, environment: Command.inherited(adding: [:]),
            output: path("log"), errors: path("log"), leadsGroup: true)
    }
}
