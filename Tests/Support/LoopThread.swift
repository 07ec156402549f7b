package import EventLoop
import Glibc

/// An event loop that runs on a thread of its own, for as long as a test needs it.
///
/// `@unchecked Sendable`: `thread` is written before anybody else has the object, and `isStopped` by the one
/// caller of ``stop()``.
package final class LoopThread: @unchecked Sendable {
    package let loop: EventLoop
    private var thread = pthread_t()
    private var isStopped = false

    /// Starts the thread; whoever does so stops it.
    package init() throws {
        loop = try EventLoop()
        // The thread takes the reference over and gives it up when the loop has run.
        let context = Unmanaged.passRetained(loop).toOpaque()
        let result = pthread_create(&thread, nil, runLoop, context)
        precondition(result == 0, "pthread_create: \(String(cString: strerror(result)))")
    }

    /// Stops the loop and waits for its thread. A second call does nothing.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        loop.stop()
        pthread_join(thread, nil)
    }

    /// What `body` returns when the loop's thread runs it.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await loop.run(body)
    }

    /// Runs `body` with the loop of a new thread, which ends with it.
    package static func with<Value: Sendable>(
        _ body: (LoopThread) async throws -> Value
    ) async throws -> Value {
        let thread = try LoopThread()
        defer { thread.stop() }
        return try await body(thread)
    }
}

extension EventLoop {
    /// What `body` returns when the loop's thread runs it.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Result { try body() }) }
        }
    }
}

private func runLoop(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
