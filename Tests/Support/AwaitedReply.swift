import EventLoop
package import LockStore
package import TicketLock

extension LockStore {
    /// Performs one operation and waits for its answer. A caller whose task is cancelled has gone.
    package func perform(_ call: LockCall) async throws(LockStoreError) -> LockOutcome {
        let reply = AwaitedReply()
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                reply.continuation = continuation
                // One that has gone before is seen to have done so when it waits, as with a request.
                perform(call, reply)
                if Task.isCancelled { reply.hangUp(self) }
            }
        } onCancel: {
            if loop.isOnLoopThread { reply.hangUp(self) } else { loop.submit { reply.hangUp(self) } }
        }
        return try answer.get()
    }
}

/// Who waits in a task.
///
/// `@unchecked Sendable`: all on the loop's thread.
private final class AwaitedReply: LockReply, @unchecked Sendable {
    var continuation: CheckedContinuation<CallAnswer, Never>?
    var isAbandoned = false
    var waiter: Waiter?

    func answer(_ answer: CallAnswer) {
        guard let continuation else { preconditionFailure("answered twice") }
        self.continuation = nil
        continuation.resume(returning: answer)
    }

    func hangUp(_ store: some LockStore) {
        guard continuation != nil, !isAbandoned else { return }
        isAbandoned = true
        guard store.abandon(self) else { return }
        answer(.failure(LockStoreError(.cancelled, "the caller stopped waiting")))
    }
}
