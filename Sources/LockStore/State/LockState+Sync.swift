import EventLoop

/// Making the log safe on the disk, with durability `power`.
extension LockState {
    /// Lets nothing that the state does from now on make the loop wait for a sync. What makes the log safe while the
    /// loop goes on; nil when that is not asked for, or not to be had.
    func makeDiskSync(on loop: EventLoop, done: @escaping @Sendable (Int32) -> Void) -> (any BackgroundSync)?
    {
        headerSync = log.file.makeSync(on: loop) { [weak self] number in self?.headerSyncEnded(number) }
        return durability == .power ? log.file.makeSync(on: loop, done: done) : nil
    }

    /// What was written up to now is about to be made safe.
    func syncBegins() { isUnsynced = false }

    /// What came of it, for all who wait for it; 0 for good.
    func syncEnded(_ number: Int32) -> LockStoreError? {
        guard number != 0 else { return nil }
        // What the kernel could not write it takes for written: the database must have it all anew.
        breakLog()
        let error = LockStateError.system(number, log.path, "fdatasync")
        note(failure: error)
        return LockStoreError(.outcomeUnknown, error.description)
    }

    /// Makes everything written so far safe on the disk, and waits for it.
    func sync() -> LockStoreError? {
        guard isUnsynced else { return nil }
        syncBegins()
        if isLogBroken {
            do throws(LockStateError) {
                try checkpoint()
                return nil
            } catch {
                note(failure: error)
                return LockStoreError(.outcomeUnknown, error.description)
            }
        }
        return syncEnded(log.file.sync())
    }
}
