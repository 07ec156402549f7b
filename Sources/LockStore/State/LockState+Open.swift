package import TicketLock

extension LockState {
    /// What a state is opened with.
    package struct Options: Sendable {
        /// An absolute path.
        package var directory: String
        package var durability: StateDurability
        /// Begin with nothing, whatever is there.
        package var isDiscarding: Bool
        package var limits: LockLimits
        /// Of the log. A sixteenth of it is taken over by the database at a time.
        package var logBytes = 1 << 22

        package init(
            directory: String, durability: StateDurability, isDiscarding: Bool = false, limits: LockLimits
        ) {
            self.directory = directory
            self.durability = durability
            self.isDiscarding = isDiscarding
            self.limits = limits
        }
    }

    /// Opens the state in a directory, or makes one there, and the table that it is the state of. Reads it whole;
    /// so not on the loop. When it throws, nothing there is lost.
    package static func open(
        _ options: Options, clock: MachineClock, disk: any StateDisk = MachineDisk()
    ) throws(LockStateError) -> (state: LockState, table: LockTable) {
        let folder = try StateFolder(options.directory, on: disk)
        if options.isDiscarding {
            var origin = LockStateOrigin.discarded
            if try !disk.exists(folder.log), try !disk.exists(folder.database) {
                origin = .new
            }
            let old = discardedHeader(folder)
            return try create(folder, options, clock, origin, after: old)
        }
        guard try disk.exists(folder.log) else {
            let isUnfinished = try disk.exists(folder.newLog)
            let hasDatabase = try disk.exists(folder.database)
            if hasDatabase, !isUnfinished {
                throw .corrupt(folder.log, "is missing, though locks.mdb is there")
            }
            return try create(folder, options, clock, .new, after: nil)
        }
        let log = try ChangeLog(path: folder.log, on: disk)
        let header = log.header
        if header.bootID != clock.bootID, !header.isClosed, header.durability == .process {
            return try create(folder, options, clock, .incomplete, after: header)
        }
        return try restore(folder, log, options, clock)
    }

    /// What is to be discarded may be anything.
    private static func discardedHeader(_ folder: StateFolder) -> StateHeader? {
        do throws(LockStateError) {
            return try ChangeLog(path: folder.log, on: folder.disk).header
        } catch {
            return nil
        }
    }

    /// A state without records. Tokens go on where those of the one before ended.
    private static func create(
        _ folder: StateFolder, _ options: Options, _ clock: MachineClock, _ origin: LockStateOrigin,
        after old: StateHeader?
    ) throws(LockStateError) -> (state: LockState, table: LockTable) {
        let firstToken = max(old?.tokenCeiling ?? 0, clock.token)
        let disk = folder.disk
        var header = StateHeader(
            fileBytes: UInt64(options.logBytes),
            stateID: UInt128(disk.random()) << 64 | UInt128(disk.random()), bootID: clock.bootID,
            hashKey: (disk.random(), disk.random()), epoch: 0, wallOffset: clock.wallOffset,
            tokenCeiling: firstToken + tokenStep, longestLife: options.limits.maxLifetime.nanoseconds,
            grantsFrom: .min, durability: options.durability, isClosed: false)
        header.numberCeiling = numberStep
        if origin == .incomplete, let old {
            // Not from the boot, which is this clock's zero: in a container the clock may be the host's.
            header.grantsFrom = clock.now().nanoseconds + old.longestLife
            header.longestLife = max(header.longestLife, old.longestLife)
            header.lostNumbersEnd = old.numberCeiling > 0 ? old.numberCeiling : unknownNumbersEnd
            header.lostNumbersUntil =
                clock.now().nanoseconds + max(old.longestLife, options.limits.numberRetention.nanoseconds)
            header.numberCeiling = header.lostNumbersEnd + numberStep
        }
        try folder.replaceFiles { log, database throws(LockStateError) in
            try ChangeLog.create(log, header, on: disk)
            let new = try disk.openDatabase(database, options.durability, isNew: true)
            let meta = StateMeta(stateID: header.stateID, applied: 0, nextToken: firstToken)
            var none = StateUpdates()
            try new.apply(&none, meta: meta, inSteps: false)
            try new.sync()
        }
        let database = try disk.openDatabase(folder.database, options.durability, isNew: false)
        var log = try ChangeLog(path: folder.log, on: disk)
        log.databaseBytes = try database.byteCount()
        var table = LockTable(
            limits: options.limits, firstToken: firstToken, hash: SipHash(key: header.hashKey))
        table.lostNumbers = header.lostNumbers
        table.noteChanges()
        let state = LockState(
            folder: folder, log: log, database: database, clock: clock, durability: options.durability,
            nextToken: firstToken, origin: origin)
        return (state, table)
    }

    private static func restore(
        _ folder: StateFolder, _ log: consuming ChangeLog, _ options: Options, _ clock: MachineClock
    ) throws(LockStateError) -> (state: LockState, table: LockTable) {
        let disk = folder.disk
        disk.beginDistrust()
        defer { disk.endDistrust() }
        let path = folder.database
        let old = log.header
        guard try disk.exists(path) else {
            throw .corrupt(path, "is missing, though changes.log is there")
        }
        // LMDB would begin a file that is empty anew.
        guard try disk.byteCount(of: path) >= log.databaseBytes else {
            throw .corrupt(path, "is cut off")
        }
        let database = try disk.openDatabase(path, options.durability, isNew: false)
        let meta = try database.meta()
        guard meta.stateID == old.stateID else {
            throw .corrupt(path, "does not belong to the changes.log beside it")
        }
        var header = old
        let isSameBoot = old.bootID == clock.bootID
        var log = log
        var applied = meta.applied
        let longest = max(options.limits.maxLifetime, options.limits.maxWait, .nanoseconds(old.longestLife))
        var latest = LatestMoments()
        latest.past = clock.now()
        latest.expiry = latest.past + longest
        latest.retention = latest.past + max(longest, options.limits.numberRetention)
        if !isSameBoot {
            header.epoch += clock.wallOffset - old.wallOffset
            // Whatever the wall clock says: what was lost was given out before now.
            header.grantsFrom = min(
                header.grantsFrom, header.epoch &+ clock.now().nanoseconds + old.longestLife)
            header.lostNumbersUntil = min(
                header.lostNumbersUntil, header.epoch &+ latest.retention.nanoseconds)
        }
        // With `power` the disk may have failed to take what nobody was answered.
        let isWhole = old.isClosed || isSameBoot && old.durability == .process
        let pending = try PendingRecords(&log, after: meta.applied, isWhole: isWhole)
        var table = LockTable(
            limits: options.limits, firstToken: meta.nextToken, hash: SipHash(key: old.hashKey))
        for kind in RecordKind.allCases {
            let isGood = try pending.merge(kind, database) {
                table.restore($0, epoch: header.epoch, latest: latest)
            }
            guard isGood else { throw .corrupt(log.path, "does not go with locks.mdb") }
        }
        // The clock's, should this be a backup: others have been given out since.
        table.finishRestoring(firstToken: max(table.nextToken, pending.nextToken, clock.token))
        table.noteChanges()
        table.lostNumbers = header.lostNumbers
        header.numberCeiling = max(old.numberCeiling, table.numberEnd + numberStep)
        header.bootID = clock.bootID
        header.wallOffset = clock.wallOffset
        header.tokenCeiling = max(old.tokenCeiling, table.nextToken + tokenStep)
        header.longestLife = longestLife(header, table, options.limits, now: clock.now())
        header.durability = options.durability
        header.isClosed = false
        // A start before may have come to no end, and the disk know the files by other names.
        try folder.sync()
        // Before the header names this boot: cut short, it is done anew.
        if options.durability == .power || old.durability == .power { try rewrite(log, database) }
        if log.format < StateHeader.format {
            let meta = StateMeta(
                stateID: old.stateID, applied: log.nextNumber - 1, nextToken: table.nextToken)
            header.fileBytes = UInt64(options.logBytes)
            log = try convert(log, folder, database, meta, header)
            applied = meta.applied
        }
        log.beginRun(after: applied)
        header.run = log.header.run
        log.putHeader(header)
        let number = log.file.sync()
        guard number == 0 else { throw .system(number, log.path, "fdatasync") }
        log.headerIsTaken(generation: log.header.generation)
        let state = LockState(
            folder: folder, log: log, database: database, clock: clock, durability: options.durability,
            nextToken: table.nextToken, origin: .restored)
        return (state, table)
    }

    /// No ticket of the table can live longer from now on, nor any that is given out later: what older limits allowed
    /// is forgotten with the last ticket that they concern.
    private static func longestLife(
        _ old: StateHeader, _ table: LockTable, _ limits: LockLimits, now: Instant
    ) -> Int64 {
        let most = max(old.longestLife, limits.maxLifetime.nanoseconds)
        let stored = old.epoch &+ now.nanoseconds
        // How long those that are lost live, nobody knows better.
        guard old.grantsFrom <= stored, old.lostNumbersUntil <= stored else { return most }
        let restored = max(
            (table.lastRestoredExpiry - now).nanoseconds, table.longestRestoredLifetime.nanoseconds)
        return min(most, max(limits.maxLifetime.nanoseconds, restored))
    }

    /// Lets the disk take all that the kernel shows. It may be the cache's alone: what a sync has failed to write
    /// counts as written.
    private static func rewrite(
        _ log: borrowing ChangeLog, _ database: any StateDatabase
    ) throws(LockStateError) {
        try log.rewrite()
        let isUnsynced = log.header.durability == .process && !log.header.isClosed
        // Once entries have taken the place of those that a commit has, the disk is known to have it.
        if isUnsynced || log.hasApplied {
            try database.rewrite(isWhole: isUnsynced)
        } else {
            try database.sync()
        }
    }

    /// A log of the present format in place of an older one, whose entries the database takes over.
    private static func convert(
        _ old: consuming ChangeLog, _ folder: StateFolder, _ database: any StateDatabase, _ meta: StateMeta,
        _ header: StateHeader
    ) throws(LockStateError) -> ChangeLog {
        var updates = StateUpdates()
        old.forEachRecord { updates.add($0) }
        try database.apply(&updates, meta: meta, inSteps: false)
        try database.sync()
        try folder.replaceLog { path throws(LockStateError) in
            try ChangeLog.create(path, header, on: folder.disk)
        }
        var log = try ChangeLog(path: folder.log, on: folder.disk)
        log.databaseBytes = try database.byteCount()
        try log.recover(after: meta.applied, isWhole: true) { _ in false }
        return log
    }
}
