/// An actor whose executor is the event loop.
package protocol LoopActor: Actor {
    nonisolated var loop: EventLoop { get }
}

extension LoopActor {
    /// Starts a task of the actor's, which stays on the loop wherever it suspends, and goes from actor to actor there
    /// without a turn in between.
    ///
    /// A bare `Task` of the actor's begins on the loop too, but comes back from a continuation by way of the runtime's
    /// thread pool, as one of `Task.immediate` does; and the pool needs threads and descriptors that may be gone.
    package func startTask(_ body: @escaping (isolated Self) async -> Void) {
        // It runs where it was made: isolated to the actor, as here.
        nonisolated(unsafe) let body = body
        Task(executorPreference: loop) { await body(self) }
    }

    /// Enters the actor from a callback on the loop's thread, as `assumeIsolated` does, at the price of one
    /// comparison: the general check, made several times in a request, costs it 3,000 instructions. Traps on
    /// any other thread.
    package nonisolated func onLoop(_ operation: (isolated Self) -> Void) {
        precondition(loop.isOnLoopThread, "this must run on the event loop's thread")
        withoutActuallyEscaping(operation) { operation in
            // Isolation is a matter of types: the function is the same, and its thread has been checked. The
            // standard library's `assumeIsolated` does this too.
            unsafeBitCast(operation, to: ((Self) -> Void).self)(self)
        }
    }
}
