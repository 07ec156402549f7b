import TicketLock

/// Changing the header while the loop runs, which waits for no disk.
extension LockState {
    var isHeaderSafe: Bool { log.isHeaderSafe }

    /// Changes the header, and lets the disk take it: in the background if something does that. Until it has, what
    /// rests on the change must be as good without it.
    func changeHeader(_ change: (inout StateHeader) -> Void) {
        var header = log.header
        change(&header)
        if header != log.header { log.putHeader(header) }
        syncHeader()
    }

    /// Lets the disk take the header, if it is not known to have it.
    func syncHeader() {
        guard !log.isHeaderSafe, headerInSync == nil else { return }
        let generation = log.header.generation
        headerInSync = generation
        if let headerSync { return headerSync.begin() }
        headerSyncEnded(log.file.sync())
    }

    /// What came of the sync of the header; 0 for good.
    func headerSyncEnded(_ number: Int32) {
        guard let generation = headerInSync else { return }
        headerInSync = nil
        guard number == 0 else {
            // With it the disk may have lost what else is in the log.
            if log.used > 0 { breakLog() }
            // The same bytes again would be taken for written.
            log.putHeader(log.header)
            return note(failure: .system(number, log.path, "fdatasync"))
        }
        log.headerIsTaken(generation: generation)
        syncHeader()
        guard log.isHeaderSafe else { return }
        recoverIfDone()
        var waiting: [CheckedContinuation<Void, Never>] = []
        swap(&waiting, &waitingForHeader)
        for continuation in waiting { continuation.resume() }
    }

    /// When ``lookAtClock(now:)`` is to be called if no operation does, while there are locks.
    var nextClockLook: Instant { durability == .power ? clockLookAt : .never }

    /// The wall clock may have been set; after the machine's death lifetimes go by what is known of it.
    func lookAtClock(now: Instant) {
        guard now >= clockLookAt else { return }
        clockLookAt = now + Self.clockLookEvery
        let offset = clock.wallOffset
        guard abs(offset - log.header.wallOffset) > 100_000_000 else { return syncHeader() }
        changeHeader { $0.wallOffset = offset }
    }

    /// No ticket lives longer than that from now on. Returns when the disk has it: until then none may.
    func setLongestLife(_ span: Duration, isolation: isolated (any Actor)? = #isolation) async {
        if span.nanoseconds > log.header.longestLife { changeHeader { $0.longestLife = span.nanoseconds } }
        guard !log.isHeaderSafe else { return }
        await withCheckedContinuation { waitingForHeader.append($0) }
    }
}
