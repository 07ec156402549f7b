package import Foundation

/// Certificates of the tests' own, made by GnuTLS's `certtool` (gnutls-bin) in a folder.
package struct TestCertificates: Sendable {
    /// Files in PEM.
    package struct Identity: Sendable {
        package let certificate: String
        package let key: String
    }

    private let folder: URL
    private let authority: Identity

    /// Makes an authority of its own.
    package init(in folder: URL) async throws {
        self.folder = folder
        authority = try await Self.make(
            "authority", in: folder, ["cn = authority", "ca", "cert_signing_key"], signer: nil)
    }

    /// The certificate of the authority, for those that trust it.
    package var trustFile: String { authority.certificate }

    /// What is right or wrong with a server's certificate.
    package enum Server: Sendable {
        /// It is for 127.0.0.1 and localhost.
        case trusted
        /// It is for another name than the server is reached by.
        case otherName
        /// It was valid until some years ago.
        case expired
    }

    /// A server's certificate.
    package func server(_ kind: Server) async throws -> Identity {
        let local = ["dns_name = localhost", "ip_address = 127.0.0.1", "tls_www_server"]
        switch kind {
        case .trusted: return try await make("server", local)
        case .otherName: return try await make("other", ["dns_name = redis.example", "tls_www_server"])
        case .expired:
            let span = [
                "activation_date = \"2020-01-01 00:00:00\"", "expiration_date = \"2021-01-01 00:00:00\"",
            ]
            return try await make("expired", local + span, isExpired: true)
        }
    }

    /// A client's certificate.
    package func client() async throws -> Identity { try await make("client", ["tls_www_client"]) }

    private func make(_ name: String, _ lines: [String], isExpired: Bool = false) async throws -> Identity {
        let lines = ["cn = \(name)", "signing_key"] + lines
        return try await Self.make(name, in: folder, lines, isExpired: isExpired, signer: authority)
    }

    private static func make(
        _ name: String, in folder: URL, _ lines: [String], isExpired: Bool = false, signer: Identity?
    ) async throws -> Identity {
        let path = { (ending: String) in folder.appending(path: "\(name).\(ending)").path }
        let identity = Identity(certificate: path("pem"), key: path("key"))
        let template = lines + (isExpired ? [] : ["expiration_days = 2"])
        try Data(template.joined(separator: "\n").utf8).write(to: URL(filePath: path("template")))
        try await certtool("--generate-privkey", "--key-type", "ecdsa", "--outfile", identity.key)
        let kind =
            signer.map {
                [
                    "--generate-certificate", "--load-ca-certificate", $0.certificate,
                    "--load-ca-privkey", $0.key,
                ]
            } ?? ["--generate-self-signed"]
        try await certtool(
            kind + [
                "--load-privkey", identity.key, "--template", path("template"), "--outfile",
                identity.certificate,
            ])
        return identity
    }

    private static func certtool(_ arguments: String...) async throws { try await certtool(arguments) }

    private static func certtool(_ arguments: [String]) async throws {
        let result = try await Command.run("certtool", arguments)
        guard result.status == 0 else {
            throw ChildProcess.StartError(description: "certtool: \(result.errors)")
        }
    }
}
