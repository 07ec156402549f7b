import EventLoop

/// Runs a test that computes for long on a thread of its own: on the tests' few threads, others would not get their
/// turn for as long.
package func onOwnThread<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    let thread = try LoopThread()
    defer { thread.stop() }
    return try await withTaskExecutorPreference(thread.loop) { try await body() }
}
