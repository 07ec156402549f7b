/// An actor whose executor is the event loop.
///
/// Public, since what is only the package's is not inlined in other targets, and each entry costs 350 instructions
/// then, not 30.
public protocol LoopActor: Actor {
    /// The actor's executor.
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

    /// The same for what happens in every request: a function that captures nothing, and what it is called with,
    /// come to a comparison and a direct call, where a closure is allocated twice.
    @inlinable @inline(__always)
    public nonisolated func onLoop<Input, Output>(
        _ input: Input, _ operation: @escaping (isolated Self, Input) -> Output
    ) -> Output {
        precondition(loop.isOnLoopThread, "this must run on the event loop's thread")
        return unsafeBitCast(operation, to: ((Self, Input) -> Output).self)(self, input)
    }
}
