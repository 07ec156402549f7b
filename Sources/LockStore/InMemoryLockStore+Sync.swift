import EventLoop
import TicketLock

/// Waiting for the disk.
extension InMemoryLockStore {
    func write(to state: LockState, now: Instant) throws(LockStoreError) {
        try state.write(&table, now: now)
        if state.isUnsynced, !isSyncing {
            isSyncing = true
            loop.atEndOfTurn { [weak self] in self?.onLoop { $0.beginSync() } }
        }
    }

    /// All that was done in a turn of the loop is made safe on the disk together, and with it what is done until
    /// the disk is ready for it.
    func beginSync() {
        guard let state, state.isUnsynced else { return resumeSynced(nil) }
        swap(&inSync, &waitingForSync)
        guard let diskSync, !state.isLogBroken else {
            let error = state.sync()
            return resumeSynced(error)
        }
        isSyncUnderWay = true
        state.syncBegins()
        diskSync.begin()
    }

    func syncEnded(_ number: Int32) {
        isSyncUnderWay = false
        resumeSynced(state?.syncEnded(number))
    }

    func resumeSynced(_ error: LockStoreError?) {
        var ended: [UnsafeContinuation<LockStoreError?, Never>] = []
        swap(&ended, &inSync)
        for continuation in ended { continuation.resume(returning: error) }
        ended.removeAll(keepingCapacity: true)
        swap(&ended, &inSync)
        if state?.isUnsynced == true { return beginSync() }
        isSyncing = false
        // The database has taken over what they wait for.
        var others: [UnsafeContinuation<LockStoreError?, Never>] = []
        swap(&others, &waitingForSync)
        for continuation in others { continuation.resume(returning: nil) }
    }

    /// Returns when all that was done so far survives what it is to survive. Until then nobody may know of it. Only
    /// to be called while something is about to be made safe. A function of its own, so that the frame of a parked
    /// request keeps nothing of it.
    @inline(never)
    func settled() async throws(LockStoreError) {
        let error = await withUnsafeContinuation {
            (continuation: UnsafeContinuation<LockStoreError?, Never>) in
            // A sync that is under way has all there is, unless something was done since.
            if isSyncUnderWay, state?.isUnsynced == false {
                inSync.append(continuation)
            } else {
                waitingForSync.append(continuation)
            }
        }
        if let error { throw error }
    }
}
