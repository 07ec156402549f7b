import Glibc

/// One caller's connection. What it receives is taken apart and checked as it comes.
final class HTTPCaller {
    private var descriptor: Int32
    private var received: [UInt8] = []
    /// The last answer has said that there will be no other.
    private var isOver = false
    private(set) var hasFinishedSending = false
    /// The daemon has closed the connection.
    private(set) var isClosed = false

    init(_ path: String) throws {
        descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try Finding.unless(result == 0, "cannot connect: \(String(cString: strerror(errno)))")
    }

    deinit { hangUp() }

    func hangUp() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    func finishSending() {
        hasFinishedSending = true
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Sends what it can, and takes that from `bytes`; all that is left when nobody hears it any more.
    func send(_ bytes: inout ArraySlice<UInt8>) {
        guard !hasFinishedSending, !isClosed else {
            bytes = []
            return
        }
        let count = bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 {
            bytes = bytes.dropFirst(count)
        } else if errno != EAGAIN {
            bytes = []
        }
    }

    /// Reads what there is; false when that is nothing.
    func receive() -> Bool {
        guard descriptor >= 0, !isClosed else { return false }
        var part = [UInt8](repeating: 0, count: 16_384)
        let count = recv(descriptor, &part, part.count, 0)
        if count > 0 {
            received += part[..<count]
        } else if count == 0 || errno != EAGAIN {
            isClosed = true
        } else {
            return false
        }
        return true
    }

    /// Takes apart the answers that have come in whole. `take` says how long a body is that the API has given; nil for
    /// what was refused before it came so far, or has not come in whole.
    ///
    /// - Parameter isAll: nothing more will come.
    func checkAnswers(isAll: Bool, _ take: (HTTPAnswer, ArraySlice<UInt8>) -> Int?) throws(Finding) {
        var rest = received[...]
        defer { received = Array(rest) }
        while let end = Self.endOfHead(rest) {
            try Finding.unless(!isOver, "bytes after the last answer: \(Self.text(rest))")
            let head = try HTTPAnswer(head: rest[..<end])
            let body = rest[end...]
            guard head.status != 100 else {
                rest = body
                continue
            }
            var length = take(head, body)
            if length == nil, body.count >= head.contentLength { length = head.contentLength }
            // What was refused may have been a HEAD.
            if length == nil, isAll, body.isEmpty { length = 0 }
            guard let length else { break }
            if length > 0 { try head.check(body.prefix(length)) }
            rest = body.dropFirst(length)
            isOver = head.closes
        }
        guard isAll else { return }
        try Finding.unless(rest.isEmpty, "what is no answer, or not all of one: \(Self.text(rest))")
        try Finding.unless(
            !isOver || isClosed || descriptor < 0, "a connection is said to close, and stays open")
    }

    private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
        let end = Array("\r\n\r\n".utf8)
        return bytes.indices.dropLast(3).first { bytes[$0] == 0x0d && bytes[$0..<$0 + 4].elementsEqual(end) }
            .map {
                $0 + 4
            }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix(400), as: UTF8.self).debugDescription
    }
}
