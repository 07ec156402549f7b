import CHTTP

/// One whole request, as libmicrohttpd holds it. What it says can be read within ``RequestHandler/received(_:)``; it can
/// be answered until it has been.
///
/// `@unchecked Sendable`: the memory is the event loop's, and only actors on the loop are given requests.
package struct Request: @unchecked Sendable {
    let handle: OpaquePointer

    /// As sent, in capitals: `GET`.
    package var method: String { String(cString: chttp_method(handle)) }

    package func isMethod(_ name: StaticString) -> Bool {
        name.withUTF8Buffer { name in
            let method = chttp_method(handle)
            for (index, byte) in name.enumerated() where UInt8(bitPattern: method[index]) != byte {
                return false
            }
            return method[name.count] == 0
        }
    }

    /// Path and query as sent, percent-encoded; of a whole URL, what follows its authority.
    package var target: UnsafeBufferPointer<UInt8> {
        var length = 0
        return Self.bytes(chttp_target(handle, &length), length)
    }

    /// The body, empty when there is none.
    package var body: UnsafeRawBufferPointer {
        var length = 0
        let start = chttp_body(handle, &length)
        return UnsafeRawBufferPointer(start: start, count: length)
    }

    /// The headers that can be asked for.
    package enum Header: Sendable {
        case host, origin, contentType, idempotencyKey, authorization

        fileprivate var name: chttp_header_name {
            switch self {
            case .host: CHTTP_HEADER_HOST
            case .origin: CHTTP_HEADER_ORIGIN
            case .authorization: CHTTP_HEADER_AUTHORIZATION
            case .contentType: CHTTP_HEADER_CONTENT_TYPE
            case .idempotencyKey: CHTTP_HEADER_IDEMPOTENCY_KEY
            }
        }
    }

    /// Who sent it, as a person writes it: an address with its port, or the user and process behind a Unix socket.
    package var peer: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { text in
            guard let start = text.baseAddress else { return "" }
            chttp_peer(handle, start, text.count)
            return String(cString: start)
        }
    }

    /// Whether its Host is an IP address, or a name without a dot.
    package var hostIsLocal: Bool { chttp_host_is_local(handle) != 0 }

    /// Whether it may be parked for long: whether enough connections are left for those who do not wait.
    package var mayWait: Bool { chttp_may_wait(handle) != 0 }

    /// The header's value, without blanks around it. A request with two of them is refused.
    package func header(_ header: Header) -> UnsafeBufferPointer<UInt8>? {
        var length = 0
        return chttp_header(handle, header.name, &length).map { Self.bytes($0, length) }
    }

    private static func bytes(_ start: UnsafePointer<CChar>, _ count: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(
            start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: count)
    }
}
