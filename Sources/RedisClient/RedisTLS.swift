import CGnuTLS

/// Whom to trust at the other end of TLS, and who we are there.
///
/// `@unchecked Sendable`: GnuTLS's credentials are not changed once they are loaded.
package final class RedisTLS: @unchecked Sendable {
    let credentials: OpaquePointer

    /// Reads the files, all in PEM: not on the loop's thread. Throws what is wrong with one of them.
    ///
    /// - Parameters:
    ///   - trustFile: the certificates of those that are trusted to sign the server's; nil: those of the system.
    ///   - certificateFile: our own certificate and what leads from it to one that the server trusts; nil: none.
    ///   - keyFile: its private key; nil if that is in `certificateFile` too.
    package init(trustFile: String?, certificateFile: String?, keyFile: String?) throws(RedisError) {
        var problem = [CChar](repeating: 0, count: Int(CGNUTLS_PROBLEM_BYTES))
        guard let credentials = cgnutls_credentials_load(trustFile, certificateFile, keyFile, &problem) else {
            let text = problem.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            throw RedisError(.unavailable, String(decoding: text, as: UTF8.self))
        }
        self.credentials = credentials
    }

    deinit { cgnutls_credentials_free(credentials) }
}
