import Glibc

/// What a connected socket is read and written through. It owns the socket.
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

    var descriptor: Int32 {
        switch self {
        case .plain(let descriptor): descriptor
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        switch self {
        case .plain(let descriptor): Self.outcome(recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        switch self {
        case .plain(let descriptor):
            Self.outcome(send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
        }
    }

    func close() {
        switch self {
        case .plain(let descriptor): _ = Glibc.close(descriptor)
        }
    }

    private static func outcome(_ result: Int) -> Outcome {
        if result > 0 { return .done(result) }
        if result == 0 { return .ended("it was closed from the other side") }
        if errno == EAGAIN || errno == EINTR { return .blocked }
        return .ended(String(cString: strerror(errno)))
    }
}
