import CUV

extension EventLoop {
    /// Starts the threads that work in the background, which would else start with the first work: so that later
    /// none is needed when there may be none to be had. Before ``run()``, or on the loop's thread.
    package func startBackgroundThreads() {
        inBackground({}, then: {})
    }

    /// Runs `work`, which may block, on a thread of libuv's pool, and then `done` with what came of it on the loop's
    /// thread. Loop thread, or before ``run()``.
    ///
    /// The end of the loop waits for work that is under way; `done` is not called any more then.
    package func inBackground<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value, then done: @escaping (Value) -> Void
    ) {
        let result = WorkResult<Value>()
        BackgroundWork(on: self, work: { result.value = work() }, done: { result.value.map(done) }).begin()
    }
}

/// What came of the work. `@unchecked Sendable`: written by the pool's thread, read by the loop's afterwards, with
/// libuv's own lock between them.
private final class WorkResult<Value>: @unchecked Sendable {
    var value: Value?
}

/// One piece of work.
private final class BackgroundWork {
    private let work: () -> Void
    private let done: () -> Void
    private let loop: EventLoop

    init(on loop: EventLoop, work: @escaping () -> Void, done: @escaping () -> Void) {
        self.loop = loop
        self.work = work
        self.done = done
    }

    func begin() {
        let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
        // The request holds its work until it is done.
        request.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let result = uv_queue_work(loop.uv, request, runWork, workIsDone)
        precondition(result == 0, "uv_queue_work refuses only what is no work")
    }

    func run() { work() }

    func isDone() {
        guard !loop.hasRun else { return }
        loop.turnBegins()
        done()
    }
}

private func runWork(_ request: UnsafeMutablePointer<uv_work_t>?) {
    guard let data = request?.pointee.data else { return }
    Unmanaged<BackgroundWork>.fromOpaque(data).takeUnretainedValue().run()
}

/// Releases what `BackgroundWork.begin` retained.
private func workIsDone(_ request: UnsafeMutablePointer<uv_work_t>?, _ status: Int32) {
    guard let request, let data = request.pointee.data else { return }
    Unmanaged<BackgroundWork>.fromOpaque(data).takeRetainedValue().isDone()
    request.deallocate()
}
