import Synchronization
import TicketLock

/// The changes that are not in the database yet, in a file of a fixed size that is mapped into memory: what is put
/// there is the kernel's to keep, at the cost of a copy, and no disk can be too full for it; unless its file system
/// writes elsewhere what is overwritten (btrfs, ZFS), where a full disk ends the process.
///
/// Copies of a header, of which the latest holds, and entries, one for each operation that changed something: its
/// length, its number, a checksum of all, and records. They begin anew when the database has them.
///
/// An entry's number is one more than the number before it; or, after a start, the same with a higher run: so what lies
/// behind the last entry, from before a death, is never taken for the next one.
struct ChangeLog: ~Copyable {
    private static let entryHeadBytes = 24
    /// Of an entry's number, below the number of the run.
    private static let runShift: UInt64 = 40
    private static let sequenceMask: UInt64 = 1 << runShift - 1

    let path: String
    let file: any MappedFile
    let format: UInt32
    let layout: Layout
    private let memory: UnsafeMutableRawBufferPointer
    var header: StateHeader
    /// The disk is known to have the header.
    var isHeaderSafe = true
    /// At which of its places the next header goes.
    var headerIndex: Int
    /// Where the next entry goes.
    private(set) var end: Int
    /// The next entry's number; the first ever has 1.
    private(set) var nextNumber: UInt64 = 1
    /// The first entry that lies there is one that the database has: it may be the last commit that the disk lacks.
    private(set) var hasApplied = false

    /// Makes a file with that header and no entries. Its blocks are written, since one that is merely set aside
    /// may still be missing when it is needed.
    static func create(_ path: String, _ header: StateHeader, on disk: any StateDisk) throws(LockStateError) {
        var bytes = [UInt8](repeating: 0, count: Int(header.fileBytes))
        bytes.replaceSubrange(0..<StateHeader.byteCount, with: header.bytes)
        try disk.createFile(path, bytes)
    }

    /// Opens a file that is there. Its entries are to be read with ``recover(after:isWhole:_:)`` before any is
    /// appended.
    init(path: String, on disk: any StateDisk) throws(LockStateError) {
        let file = try disk.mapFile(path)
        guard file.memory.count > Layout.first.start else { throw .corrupt(path, "is cut off") }
        let found = try Self.latestHeader(UnsafeRawBufferPointer(file.memory), path)
        guard found.header.fileBytes == UInt64(file.memory.count) else { throw .corrupt(path, "is cut off") }
        self.path = path
        self.file = file
        memory = file.memory
        header = found.header
        format = found.format
        headerIndex = found.oldest
        layout = Layout.of(format: found.format)
        end = layout.start
    }

    func put(_ bytes: [UInt8], at place: Int) {
        UnsafeMutableRawBufferPointer(rebasing: memory[place..<place + bytes.count]).copyBytes(from: bytes)
    }

    /// Bytes that the database's file has had at least, if that is known.
    var databaseBytes: UInt64 {
        get {
            let bytes = memory.bytes.integer(at: layout.databaseBytes, UInt64.self)
            let inverted = memory.bytes.integer(at: layout.databaseBytes + 8, UInt64.self)
            return format == 1 || bytes == ~inverted ? bytes : 0
        }
        set {
            memory.put(newValue, at: layout.databaseBytes)
            memory.put(~newValue, at: layout.databaseBytes + 8)
        }
    }

    // MARK: Entries

    /// Bytes that entries may still take.
    var room: Int { memory.count - end }
    /// Bytes of the entries.
    var used: Int { end - layout.start }

    /// Appends an entry; false when there is no room.
    mutating func append(_ records: UnsafeRawBufferPointer) -> Bool {
        let length = Self.entryHeadBytes + records.count
        guard length <= room else { return false }
        let entry = UnsafeMutableRawBufferPointer(rebasing: memory[end..<end + length])
        entry.put(UInt64(records.count), at: 8)
        entry.put(nextNumber, at: 16)
        UnsafeMutableRawBufferPointer(rebasing: entry[Self.entryHeadBytes...]).copyMemory(from: records)
        entry.put(Checksum.of(UnsafeRawBufferPointer(rebasing: entry[8...])), at: 0)
        // Not before the entry is there, whenever the process may die.
        atomicMemoryFence(ordering: .releasing)
        memory.put(nextNumber, at: layout.lastNumber)
        end += length
        nextNumber += 1
        return true
    }

    /// Finds the entries after the one numbered `applied`, and makes the next one follow the last. An entry that
    /// was being written when the process died is none; its operation was not answered. Calls `body` with the
    /// records of each; it says whether they are some.
    ///
    /// - Parameter isWhole: neither the machine nor the disk can have lost any since: all of them must be there.
    mutating func recover(
        after applied: UInt64, isWhole: Bool, _ body: (UnsafeRawBufferPointer) -> Bool
    ) throws(LockStateError) {
        end = layout.start
        var last: UInt64?
        // Those of an earlier time around lie behind the last, with lower numbers.
        while let entry = entry(at: end), last.map({ Self.isNext(entry.number, after: $0) }) ?? true {
            if last == nil {
                hasApplied = entry.number <= applied
                guard hasApplied || Self.isNext(entry.number, after: applied) else {
                    throw .corrupt(path, "goes on where locks.mdb has not been")
                }
            }
            guard entry.number <= applied || body(entry.records) else {
                throw .corrupt(path, "has an entry that no version writes")
            }
            last = entry.number
            end += Self.entryHeadBytes + entry.records.count
        }
        let found = max(applied, last ?? 0)
        nextNumber = found + 1
        if isWhole, memory.bytes.integer(at: layout.lastNumber, UInt64.self) > found {
            throw .corrupt(path, "has entries that are not as they were written")
        }
    }

    private static func isNext(_ number: UInt64, after last: UInt64) -> Bool {
        number > last && (number - last) & sequenceMask == 1
    }

    /// Lets the next entry be the first of a new run. All that was found before lies on the disk.
    ///
    /// - Parameter applied: the last entry that the database has.
    mutating func beginRun(after applied: UInt64) {
        let last = nextNumber - 1
        let run = max(header.run, last >> Self.runShift) + 1
        header.run = run
        nextNumber = run << Self.runShift | nextNumber & Self.sequenceMask
        if last == applied { end = layout.start }
    }

    /// Lets the disk take all that was found anew, whatever the kernel takes it to have.
    func rewrite() throws(LockStateError) {
        let number = file.rewrite(0..<end)
        guard number == 0 else { throw .system(number, path, "pwrite") }
    }

    private func entry(at offset: Int) -> (number: UInt64, records: UnsafeRawBufferPointer)? {
        let head = offset + Self.entryHeadBytes
        guard head <= memory.count else { return nil }
        let length = memory.bytes.integer(at: offset + 8, UInt64.self)
        guard length > 0, length <= memory.count - head else { return nil }
        let end = head + Int(length)
        guard
            Checksum.of(UnsafeRawBufferPointer(rebasing: memory.bytes[offset + 8..<end]))
                == memory.bytes.integer(at: offset, UInt64.self)
        else { return nil }
        return (
            memory.bytes.integer(at: offset + 16, UInt64.self),
            UnsafeRawBufferPointer(rebasing: memory.bytes[head..<end])
        )
    }

    /// Calls `body` with the records of every entry there is; that they are as they were written has been seen.
    func forEachRecord(_ body: (Record) -> Void) {
        var offset = layout.start
        while offset < end {
            let head = offset + Self.entryHeadBytes
            offset = head + Int(memory.bytes.integer(at: offset + 8, UInt64.self))
            _ = Record.forEach(in: UnsafeRawBufferPointer(rebasing: memory.bytes[head..<offset]), body)
        }
    }

    /// Begins anew, the database having all entries. Their numbers go on.
    mutating func removeAll() { end = layout.start }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(self) }
}
