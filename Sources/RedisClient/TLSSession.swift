import CGnuTLS

/// TLS over a connected socket, whose owner it is. Loop thread only.
final class TLSSession {
    let descriptor: Int32
    private let session: OpaquePointer
    /// Lives as long as the session needs it.
    private let tls: RedisTLS

    /// - Parameter serverName: the DNS name or IP address that the server's certificate must be for.
    init?(_ tls: RedisTLS, over descriptor: Int32, serverName: String) {
        guard let session = cgnutls_session_new(tls.credentials, descriptor, serverName) else { return nil }
        self.session = session
        self.descriptor = descriptor
        self.tls = tls
    }

    deinit { cgnutls_session_free(session) }

    /// Tells the peer of the end. Before the socket is closed; the session is not used after it.
    func sayGoodbye() { cgnutls_bye(session) }

    /// Goes on with the handshake: done, with no bytes meant, when it has come to its end.
    func shakeHands() -> Transport.Outcome { outcome(Int(cgnutls_handshake(session))) }

    /// Whether what was blocked last waits for the socket to be writable.
    var awaitsWriting: Bool { cgnutls_awaits_writing(session) != 0 }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Transport.Outcome {
        guard let base = buffer.baseAddress else { return .blocked }
        return outcome(cgnutls_read(session, base, buffer.count))
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Transport.Outcome {
        guard let base = bytes.baseAddress else { return .blocked }
        return outcome(cgnutls_write(session, base, bytes.count))
    }

    private func outcome(_ result: Int) -> Transport.Outcome {
        switch Int32(truncatingIfNeeded: result) {
        case CGNUTLS_ENDED: .ended(Transport.closedByPeer)
        case CGNUTLS_BLOCKED: .blocked
        case CGNUTLS_FAILED: .ended(String(cString: cgnutls_problem(session)))
        default: .done(result)
        }
    }
}
