package import TicketLock

/// The state of a store on the disk: every change is there before its answer leaves.
///
/// Changes go to a log that is mapped into memory, and from there, many at a time, into a database; so an
/// operation costs a copy of some bytes, and what comes and goes quickly never reaches the database. After the
/// process's death, the database and the log together are the state. With `power` the log is made safe on the disk
/// once for all operations of a turn of the loop.
///
/// Why not the database alone, with a transaction for each operation: a request takes 10 us, and LMDB's commit of
/// one 7 us with 1,000 locks and 12 us with a million, against 0.3 and 2.4 us by way of the log. With MDB_WRITEMAP
/// it would be 1 and 2 us, but a disk that is full is then a signal. A synced commit of 30 operations takes LMDB
/// 0.3 to 0.8 ms, the log 0.1 ms.
///
/// `@unchecked Sendable`: used on the loop's thread only, or before the loop runs, or after it has ended.
package final class LockState: @unchecked Sendable {
    /// What the log may hold before the database takes it over, 256 KiB of 4 MiB: a turn of the loop is not to last long.
    private let takenOverBytes: Int
    /// Room for an operation must be left in the log before it begins. Larger ones, which are those that end a long
    /// queue at once, go to the database by themselves.
    private let roomMin: Int
    private static let retryAfter = Duration.milliseconds(200)
    static let clockLookEvery = Duration.seconds(10)
    /// Of tokens, by which a ceiling that is written is ahead.
    static let tokenStep: UInt64 = 1 << 32
    /// The same of tickets' numbers: more than are given out while the log fills up.
    static let numberStep: TicketNumber = 1 << 20
    /// Above every number given out by a version that did not store how far they had come.
    static let unknownNumbersEnd: TicketNumber = 1 << 32

    private let folder: StateFolder
    var log: ChangeLog
    private let database: any StateDatabase
    let clock: MachineClock
    let durability: StateDurability
    private var buffer = RecordBuffer()
    private var updates = StateUpdates()
    private var nextToken: FencingToken
    private var numberEnd: TicketNumber = 0
    private var retryAt = Instant(nanoseconds: .min)
    var clockLookAt: Instant
    /// What is in the way of writing.
    private(set) var failure: LockStateError?
    /// The buffer holds records that the log has had no room for, or the log could not be made safe: nothing is
    /// done before the database has all.
    var mustTakeOver = false
    /// There are entries that `power` has to make safe on the disk.
    var isUnsynced = false
    /// The disk has failed to take a part of the log: what follows would be lost with it, until the database has all.
    var isLogBroken = false
    /// What lets the disk take the header while the loop goes on.
    var headerSync: (any BackgroundSync)?
    /// The generation of the header that a sync is under way for.
    var headerInSync: UInt64?
    /// Who goes on when the disk has the header.
    var waitingForHeader: [CheckedContinuation<Void, Never>] = []
    package var onNotice: ((LockStateNotice) -> Void)?

    /// No tickets are given out before that moment, because some of a state that was lost may be alive.
    package let grantsFrom: Instant?
    package let origin: LockStateOrigin

    init(
        folder: StateFolder, log: consuming ChangeLog, database: any StateDatabase,
        clock: MachineClock, durability: StateDurability, nextToken: FencingToken, origin: LockStateOrigin
    ) {
        let from = log.header.grantsFrom
        grantsFrom = from == .min ? nil : Instant(nanoseconds: from &- log.header.epoch)
        takenOverBytes = Int(log.header.fileBytes) / 16
        roomMin = takenOverBytes / 2
        self.folder = folder
        self.log = log
        self.database = database
        self.clock = clock
        clockLookAt = clock.now() + Self.clockLookEvery
        self.durability = durability
        self.nextToken = nextToken
        self.origin = origin
    }

    private var epoch: Int64 { log.header.epoch }

    // MARK: Operations

    /// Sees that there is room for what an operation changes; before every one. Throws when it must not be done.
    @inline(__always)
    func makeReady(now: Instant) throws(LockStoreError) {
        if log.used >= takenOverBytes || mustTakeOver { try takeOver(now: now) }
    }

    /// Writes what an operation has changed.
    func write(_ table: inout LockTable, now: Instant) throws(LockStoreError) {
        table.takeChanges { table, changes in
            for change in changes { table.write(change, to: &buffer, epoch: epoch) }
        }
        guard buffer.count > 0 else { return }
        nextToken = table.nextToken
        numberEnd = table.numberEnd
        if log.append(buffer.bytes) {
            buffer.removeAll()
            isUnsynced = durability == .power
        } else {
            mustTakeOver = true
            do throws(LockStateError) {
                try checkpoint()
            } catch {
                note(failure: error)
                // It is done in memory, and will be on the disk before anybody sees it.
                throw LockStoreError(.outcomeUnknown, error.description)
            }
        }
        if now >= clockLookAt { lookAtClock(now: now) }
    }

    /// Throws while tickets of a state that was lost may be alive.
    func checkGranting(now: Instant) throws(LockStoreError) {
        guard let grantsFrom, now < grantsFrom else { return }
        let seconds = (grantsFrom - now).components.seconds + 1
        throw LockStoreError(
            .stateIncomplete, "tickets that were lost with the machine may be alive for another \(seconds) s")
    }

    /// Throws while nothing can be written.
    func checkReady(now: Instant) throws(LockStoreError) {
        try checkWritable()
        try checkGranting(now: now)
    }

    private func checkWritable() throws(LockStoreError) {
        guard let failure, mustTakeOver || log.room < roomMin else { return }
        throw LockStoreError(.stateUnwritable, failure.description)
    }

    private func takeOver(now: Instant) throws(LockStoreError) {
        if now >= retryAt {
            do throws(LockStateError) {
                try checkpoint()
                return
            } catch {
                note(failure: error)
                retryAt = now + Self.retryAfter
            }
        }
        try checkWritable()
    }

    /// Brings everything into the database, and begins the log anew.
    func checkpoint() throws(LockStateError) {
        updates.removeAll()
        let add = { [self] (record: Record) in updates.add(record) }
        log.forEachRecord(add)
        // Empty unless the log has had no room.
        _ = Record.forEach(in: buffer.bytes, add)
        let meta = StateMeta(
            stateID: log.header.stateID, applied: log.nextNumber - 1, nextToken: nextToken)
        // Some steps done are no harm as long as the log has all, also after a loss of power.
        var inSteps = buffer.count == 0 && !isLogBroken
        if inSteps, durability == .power, log.file.sync() != 0 {
            // The next attempt would be told that all is well.
            breakLog()
            inSteps = false
        }
        try database.apply(&updates, meta: meta, inSteps: inSteps)
        log.databaseBytes = try database.byteCount()
        log.removeAll()
        buffer.removeAll()
        mustTakeOver = false
        isLogBroken = false
        isUnsynced = false
        if nextToken > log.header.tokenCeiling - Self.tokenStep / 2
            || numberEnd > log.header.numberCeiling - Self.numberStep / 2
        {
            changeHeader { header in
                header.tokenCeiling = nextToken + Self.tokenStep
                header.numberCeiling = max(header.numberCeiling, numberEnd + Self.numberStep)
            }
        } else {
            syncHeader()
        }
        recoverIfDone()
    }

    /// All that has failed has been done since.
    func recoverIfDone() {
        guard failure != nil, !mustTakeOver, log.isHeaderSafe else { return }
        failure = nil
        onNotice?(.recovered)
    }

    /// Notes that the log is not to be relied on before the database has all.
    func breakLog() {
        mustTakeOver = true
        isLogBroken = true
    }

    func note(failure error: LockStateError) {
        if failure == nil { onNotice?(.failing(error)) }
        failure = error
    }

    /// Puts everything in order: after this the state survives a boot of the machine, whatever the durability.
    package func close() throws(LockStateError) {
        try checkpoint()
        try database.sync()
        var header = log.header
        header.isClosed = true
        header.wallOffset = clock.wallOffset
        header.tokenCeiling = nextToken + Self.tokenStep
        log.putHeader(header)
        let number = log.file.sync()
        guard number == 0 else { throw .system(number, log.path, "fdatasync") }
        log.headerIsTaken(generation: log.header.generation)
    }
}
