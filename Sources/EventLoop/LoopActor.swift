/// An actor whose executor is the event loop.
package protocol LoopActor: Actor {
    nonisolated var loop: EventLoop { get }
}

extension LoopActor {
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
