import CHTTP
import EventLoop

/// What becomes of a request, from the C callback that brings it to its end.
extension HTTPServer {
    /// Gives the request to a worker that is idle, or to a new one, which runs until it has answered or waits.
    fileprivate func received(_ request: Request) {
        let handle = request.handle
        let idle = idleWorkers.popLast()
        let worker = idle ?? Worker()
        loop.runInline {
            if let idle {
                idle.take(request)
            } else {
                worker.task = Task(executorPreference: loop) { await self.work(worker, request) }
            }
        }
        if chttp_is_answered(handle) == 0 { tag(handle, with: worker) }
    }

    /// Answers one request after the other. A task for each cost 2,300 instructions more.
    private func work(_ worker: Worker, _ first: Request) async {
        var request = first
        while true {
            answer(request.handle, with: await handler.respond(to: request))
            // A cancelled task stays cancelled, and more idle ones than this are not worth their memory.
            guard !Task.isCancelled, idleWorkers.count < Self.idleWorkersMax, server != nil else { return }
            idleWorkers.append(worker)
            guard let next = await worker.next() else { return }
            request = next
        }
    }

    private func answer(_ handle: OpaquePointer, with response: Response) {
        let isParked = takeTag(of: handle) != nil
        if response.delivery != .plain { tag(handle, with: response) }
        if (isParked || response.delivery == .asked) && chttp_caller_is_gone(handle) != 0 {
            chttp_abandon(handle)
            return
        }
        response.body.withUnsafeBytes { body in
            var answer = chttp_response(
                status: response.status, content_type: Self.pointer(response.contentType.value),
                body: body.baseAddress, body_length: body.count, allow: response.allow.map(Self.pointer),
                retry_after_seconds: response.retryAfterSeconds ?? -1, closes: isDraining ? 1 : 0)
            // When it fails the connection ends and `finished` tells.
            chttp_reply(handle, &answer)
        }
    }

    /// Only a parked request is told of.
    fileprivate func hungUp(_ handle: OpaquePointer) {
        guard let tag = chttp_tag(handle) else { return }
        Unmanaged<Worker>.fromOpaque(tag).takeUnretainedValue().task?.cancel()
    }

    fileprivate func finished(_ handle: OpaquePointer, wasDelivered: Bool) {
        guard let tag = takeTag(of: handle), !wasDelivered else { return }
        unsafeDowncast(tag, to: Response.self).takeBack()
    }

    fileprivate func body(for refusal: HTTPRefusal) -> UnsafeRawBufferPointer {
        refusalCounts[refusal.status, default: 0] += 1
        if let body = refusalBodies[refusal] { return body }
        let bytes = handler.body(for: refusal)
        let body = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
        body.copyBytes(from: bytes)
        let kept = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(body)[..<bytes.count])
        refusalBodies[refusal] = kept
        return kept
    }

    // MARK: What travels with a request: its worker while it is parked, then an answer to be taken back

    private func tag(_ handle: OpaquePointer, with object: AnyObject) {
        chttp_set_tag(handle, Unmanaged.passRetained(object).toOpaque())
    }

    private func takeTag(of handle: OpaquePointer) -> AnyObject? {
        guard let tag = chttp_tag(handle) else { return nil }
        chttp_set_tag(handle, nil)
        return Unmanaged<AnyObject>.fromOpaque(tag).takeRetainedValue()
    }

    private static func pointer(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

private func server(_ context: UnsafeMutableRawPointer) -> HTTPServer {
    Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
}

private struct IsolatedOperation {
    let call: (isolated HTTPServer, Request) -> Void
}

/// The same function with its isolation left out of its type.
private struct CheckedOperation {
    let call: (HTTPServer, Request) -> Void
}

/// What ``LoopActor/onLoop(_:)`` does, for what happens in every request: without a capture and a generic
/// function in between, each of which is an allocation.
private func enter(
    _ context: UnsafeMutableRawPointer, _ request: OpaquePointer,
    _ operation: @escaping (isolated HTTPServer, Request) -> Void
) {
    let server = server(context)
    precondition(server.loop.isOnLoopThread, "this must run on the event loop's thread")
    let checked = unsafeBitCast(IsolatedOperation(call: operation), to: CheckedOperation.self)
    checked.call(server, Request(handle: request))
}

func requestArrived(_ context: UnsafeMutableRawPointer, _ request: OpaquePointer) {
    enter(context, request) { $0.received($1) }
}

func callerHungUp(_ context: UnsafeMutableRawPointer, _ request: OpaquePointer) {
    enter(context, request) { $0.hungUp($1.handle) }
}

func requestFinished(_ context: UnsafeMutableRawPointer, _ request: OpaquePointer, _ delivered: Int32) {
    if delivered != 0 {
        enter(context, request) { $0.finished($1.handle, wasDelivered: true) }
    } else {
        enter(context, request) { $0.finished($1.handle, wasDelivered: false) }
    }
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
