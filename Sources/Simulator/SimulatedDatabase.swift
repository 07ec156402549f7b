import Glibc
import LockStore
import TicketLock

/// A database's file as the kernel holds it and as the disk does: what commits make of it, not how LMDB writes it.
///
/// A commit writes pages that nobody reads yet, waits for the disk, and then writes the page that names them: so it is
/// there or not. What is not known to be on the disk is that last page.
final class SimulatedDatabaseFile {
    struct Content {
        var meta: StateMeta?
        var records: [[UInt64: [UInt8]]] = RecordKind.allCases.map { _ in [:] }
        /// It is not as anybody wrote it.
        var isCorrupt = false
        var byteCount: UInt64 = 32_768
    }

    /// What processes see.
    var cache = Content()
    /// What the disk has.
    var disk = Content()
    /// The next sync writes what is in the cache; without it, the kernel takes it to be on the disk.
    var isDirty = false
    /// What a process has written with `process`, it has not waited for: nothing can be said of the disk.
    var isUnordered = false

    func sync(isFailing: Bool) {
        if isDirty, !isFailing {
            disk = cache
            isUnordered = false
        }
        isDirty = false
    }

    func losePower(_ random: SimulatedRandom) {
        if isUnordered, random.chance(0.5) { disk.isCorrupt = true }
        if isDirty, random.chance(0.5) { disk = cache }
        cache = disk
        isDirty = false
        isUnordered = false
    }
}

/// A database as a process has it open.
final class SimulatedDatabase: StateDatabase {
    private let process: SimulatedFiles
    private let path: String
    private let file: SimulatedDatabaseFile
    private let durability: StateDurability
    private var isBroken = false

    init(
        _ process: SimulatedFiles, _ path: String, _ file: SimulatedDatabaseFile,
        _ durability: StateDurability
    ) {
        self.process = process
        self.path = path
        self.file = file
        self.durability = durability
    }

    private var disk: SimulatedDisk { process.disk }

    private func beginReading() throws(LockStateError) {
        try disk.begin(process)
        if disk.random.chance(disk.faults.readFailure) { throw .system(EIO, path, "read") }
        if file.cache.isCorrupt {
            throw LockStateError(.corrupt, path, "is not as it was written")
        }
    }

    func meta() throws(LockStateError) -> StateMeta {
        try beginReading()
        guard let meta = file.cache.meta else {
            throw LockStateError(.corrupt, path, "is not as it was written")
        }
        return meta
    }

    func forEach(_ kind: RecordKind, _ body: (Record) -> Bool) throws(LockStateError) {
        try beginReading()
        let records = file.cache.records[Int(kind.rawValue)]
        for key in records.keys.sorted() {
            let isGood = records[key, default: []].withUnsafeBytes {
                body(Record(kind: kind, key: key, value: $0))
            }
            guard isGood else { throw LockStateError(.corrupt, path, "has a record that no version writes") }
        }
    }

    func apply(_ updates: inout StateUpdates, meta: StateMeta, inSteps: Bool) throws(LockStateError) {
        if isBroken { try disk.begin(process) }
        isBroken = true
        updates.sort()
        let step = inSteps ? 5 : max(1, updates.count)
        var start = 0
        repeat {
            let end = min(start + step, updates.count)
            try commit(updates.items[start..<end], end == updates.count ? meta : nil)
            start = end
        } while start < updates.count
        isBroken = false
    }

    private func commit(
        _ updates: ArraySlice<StateUpdates.Update>, _ meta: StateMeta?
    ) throws(LockStateError) {
        var new = file.cache
        for update in updates {
            new.records[update.kind][update.key] = update.value.isEmpty ? nil : Array(update.value)
        }
        if let meta { new.meta = meta }
        new.byteCount = max(new.byteCount, UInt64(new.records.reduce(0) { $0 + $1.count }) * 100)
        try disk.beginWriting(process, path)
        guard durability == .power else {
            file.cache = new
            file.isDirty = true
            file.isUnordered = true
            return
        }
        try disk.begin(process)
        if disk.isSyncFailing { throw .system(EIO, path, "fdatasync") }
        try disk.begin(process)
        let old = file.cache
        file.cache = new
        guard disk.isSyncFailing else {
            file.disk = new
            file.isDirty = false
            return
        }
        if disk.random.chance(0.5) { file.disk = new }
        // The kernel shows what the disk may not have, until the old page is written over it.
        try disk.begin(process)
        file.cache = old
        throw .system(EIO, path, "pwrite")
    }

    func rewrite(isWhole: Bool) throws(LockStateError) {
        try disk.begin(process)
        if disk.omission != .rewrites { file.isDirty = true }
        try sync()
    }

    func sync() throws(LockStateError) {
        try disk.begin(process)
        let isFailing = disk.isSyncFailing
        file.sync(isFailing: isFailing)
        if isFailing { throw .system(EIO, path, "fdatasync") }
    }

    func byteCount() throws(LockStateError) -> UInt64 {
        try disk.begin(process)
        return file.cache.byteCount
    }
}
