import CHTTP
import EventLoop

/// What answers requests. All of it is called on the event loop's thread.
///
/// A request is handed over inside libmicrohttpd's callback, and is parked if it has not been answered when
/// ``received(_:)`` returns. What the handler knows of it then, its exchange, is an object of the handler's.
package protocol RequestHandler: AnyObject, Sendable {
    /// Takes one request, which is to be answered once, now or later.
    func received(_ request: Request)

    /// The caller of a parked request has hung up. The request still has to be answered or abandoned.
    func callerHungUp(on exchange: AnyObject)

    /// An answer could not be written whole; see ``Request/answer(with:tracedBy:)``.
    func answerWasLost(_ exchange: AnyObject)

    /// The body of an answer to what never became a request.
    func body(for refusal: HTTPRefusal) -> [UInt8]
}

extension Request {
    /// Leaves the request parked. Its exchange is told when the caller hangs up, and kept by whoever is to answer.
    package func park(_ exchange: AnyObject) {
        chttp_set_tag(handle, Unmanaged.passUnretained(exchange).toOpaque())
    }

    /// Answers the request, which is gone then.
    ///
    /// - Parameter exchange: is kept until the answer is written, and told if it could not be.
    package func answer(with response: Response, tracedBy exchange: AnyObject? = nil) {
        chttp_set_tag(handle, exchange.map { Unmanaged.passRetained($0).toOpaque() })
        response.body.withUnsafeBytes { body in
            var answer = chttp_response(
                status: response.status, content_type: Self.pointer(response.contentType.value),
                body: body.baseAddress, body_length: body.count, allow: response.allow.map(Self.pointer),
                retry_after_seconds: response.retryAfterSeconds ?? -1)
            // When it fails the connection ends and `finished` tells.
            chttp_reply(handle, &answer)
        }
    }

    /// Ends a request whose caller is gone, and its connection, without an answer.
    package func abandon() {
        chttp_set_tag(handle, nil)
        chttp_abandon(handle)
    }

    /// Whether the caller has closed its side: asks the kernel, so that no grant goes to a caller already gone.
    package var callerIsGone: Bool { chttp_caller_is_gone(handle) != 0 }

    private static func pointer(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

// MARK: What libmicrohttpd calls

private func server(_ context: UnsafeMutableRawPointer) -> HTTPServer {
    Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
}

func requestArrived(_ context: UnsafeMutableRawPointer, _ request: OpaquePointer) {
    server(context).handler.received(Request(handle: request))
}

/// Only a parked request is told of.
func callerHungUp(_ context: UnsafeMutableRawPointer, _ request: OpaquePointer) {
    guard let exchange = chttp_tag(request) else { return }
    server(context).handler.callerHungUp(on: Unmanaged<AnyObject>.fromOpaque(exchange).takeUnretainedValue())
}

func requestFinished(_ context: UnsafeMutableRawPointer, _ request: OpaquePointer, _ delivered: Int32) {
    guard let tag = chttp_tag(request) else { return }
    chttp_set_tag(request, nil)
    let exchange = Unmanaged<AnyObject>.fromOpaque(tag).takeRetainedValue()
    if delivered == 0 { server(context).handler.answerWasLost(exchange) }
}

func refusalBody(
    _ context: UnsafeMutableRawPointer, _ refusal: chttp_refusal, _ length: UnsafeMutablePointer<Int>
) -> UnsafeRawPointer {
    // Read on the loop's thread, where it was made and lives as long as the server.
    nonisolated(unsafe) var body = UnsafeRawBufferPointer(start: nil, count: 0)
    server(context).onLoop { body = $0.body(for: HTTPRefusal(refusal)) }
    length.pointee = body.count
    return body.baseAddress ?? UnsafeRawPointer(length)
}
