import Glibc

/// What a connected socket is read and written through. It owns the socket, until it is closed.
enum Transport {
    /// What a call came to.
    enum Outcome {
        /// So many bytes, at least one.
        case done(Int)
        /// Nothing for now.
        case blocked
        /// No more ever, and why.
        case ended(String)
    }

    case plain(Int32)
    case tls(TLSSession)

    static let closedByPeer = "it was closed from the other side"

    var descriptor: Int32 {
        switch self {
        case .plain(let descriptor): descriptor
        case .tls(let session): session.descriptor
        }
    }

    /// Whether bytes may be left to be read though the last read did not fill its buffer: TLS comes in records.
    var readsRecords: Bool {
        switch self {
        case .plain: false
        case .tls: true
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        switch self {
        case .plain(let descriptor): Self.outcome(recv(descriptor, buffer.baseAddress, buffer.count, 0))
        case .tls(let session): session.read(into: buffer)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        switch self {
        case .plain(let descriptor):
            Self.outcome(send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
        case .tls(let session): session.write(bytes)
        }
    }

    /// Ends it for good.
    func close() {
        if case .tls(let session) = self { session.sayGoodbye() }
        _ = Glibc.close(descriptor)
    }

    private static func outcome(_ result: Int) -> Outcome {
        if result > 0 { return .done(result) }
        if result == 0 { return .ended(closedByPeer) }
        if errno == EAGAIN || errno == EINTR { return .blocked }
        return .ended(String(cString: strerror(errno)))
    }
}
