import Synchronization
import TicketLock

/// The changes that are not in the database yet, in a file of a fixed size that is mapped into memory: what is put
/// there is the kernel's to keep, at the cost of a copy, and no disk can be too full for it; unless its file system
/// writes elsewhere what is overwritten (btrfs, ZFS), where a full disk ends the process.
///
/// Two headers, of which the later holds, and from ``start`` on entries, one for each operation that changed
/// something: its length, its number, a checksum of all, and records. They begin anew when the database has them.
struct ChangeLog: ~Copyable {
    static let headerStride = 512
    static let start = 4096
    /// Where the last entry's number stands once more.
    private static let lastNumberPlace = 2048
    private static let databaseBytesPlace = 2056
    private static let entryHeadBytes = 24
    /// More than the entries that a log has room for.
    static let skippedNumbers: UInt64 = 1 << 32

    let path: String
    let file: any MappedFile
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var header: StateHeader
    /// The disk has failed to take the header; the one before holds there.
    private(set) var isHeaderLost = false
    /// Where the next entry goes.
    private(set) var end = ChangeLog.start
    /// The next entry's number; the first ever has 1.
    private(set) var nextNumber: UInt64 = 1

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
        guard file.memory.count > Self.start else { throw .corrupt(path, "is cut off") }
        let header = try Self.latestHeader(UnsafeRawBufferPointer(file.memory), path)
        guard header.fileBytes == UInt64(file.memory.count) else { throw .corrupt(path, "is cut off") }
        self.path = path
        self.file = file
        memory = file.memory
        self.header = header
    }

    private static func latestHeader(
        _ memory: UnsafeRawBufferPointer, _ path: String
    ) throws(LockStateError) -> StateHeader {
        var latest: StateHeader?
        for place in 0..<2 {
            switch StateHeader.read(UnsafeRawBufferPointer(rebasing: memory[(place * headerStride)...])) {
            case .none: break
            case .newerFormat(let format):
                throw LockStateError(
                    .newerFormat, path,
                    "has format \(format), which is newer than this version's \(StateHeader.format); start the "
                        + "version that wrote it, or start once with --discard-state, which forgets all tickets"
                )
            case .header(let header):
                if header.generation >= latest?.generation ?? 0 { latest = header }
            }
        }
        guard let latest else { throw .corrupt(path, "does not begin as it was written") }
        return latest
    }

    /// Bytes that the database's file has had at least.
    var databaseBytes: UInt64 {
        get { memory.bytes.integer(at: Self.databaseBytesPlace, UInt64.self) }
        set { memory.put(newValue, at: Self.databaseBytesPlace) }
    }

    // MARK: Entries

    /// Bytes that entries may still take.
    var room: Int { memory.count - end }
    /// Bytes of the entries.
    var used: Int { end - Self.start }

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
        memory.put(nextNumber, at: Self.lastNumberPlace)
        end += length
        nextNumber += 1
        return true
    }

    /// Finds the entries after the one numbered `applied`, and makes the next one follow the last. An entry that
    /// was being written when the process died is none; its operation was not answered. Calls `body` with the
    /// records of each; it says whether they are some.
    ///
    /// - Parameter isWhole: the machine has not died since the last entry: all of them must be there.
    mutating func recover(
        after applied: UInt64, isWhole: Bool, _ body: (UnsafeRawBufferPointer) -> Bool
    ) throws(LockStateError) {
        end = Self.start
        var last: UInt64?
        // Those of an earlier time around lie behind the last, with lower numbers.
        while let entry = entry(at: end), entry.number == last.map({ $0 + 1 }) ?? entry.number {
            guard last != nil || entry.number <= applied + 1 else {
                throw .corrupt(path, "goes on where locks.mdb has not been")
            }
            guard entry.number <= applied || body(entry.records) else {
                throw .corrupt(path, "has an entry that no version writes")
            }
            last = entry.number
            end += Self.entryHeadBytes + entry.records.count
        }
        nextNumber = max(applied, last ?? 0) + 1
        if nextNumber == applied + 1 { end = Self.start }
        if isWhole, memory.bytes.integer(at: Self.lastNumberPlace, UInt64.self) >= nextNumber {
            throw .corrupt(path, "has entries that are not as they were written")
        }
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
        var offset = Self.start
        while offset < end {
            let head = offset + Self.entryHeadBytes
            offset = head + Int(memory.bytes.integer(at: offset + 8, UInt64.self))
            _ = Record.forEach(in: UnsafeRawBufferPointer(rebasing: memory.bytes[head..<offset]), body)
        }
    }

    /// Begins anew, the database having all entries. Their numbers go on.
    mutating func removeAll() { end = Self.start }

    /// Makes sure that nothing that may lie behind the last entry, from before the machine died, is ever taken for
    /// the next one.
    mutating func skipNumbers() {
        nextNumber += Self.skippedNumbers
        memory.put(nextNumber - 1, at: Self.lastNumberPlace)
    }

    // MARK: The disk

    /// Replaces the header, at the place of the one before the last, and waits until it lies on the disk.
    mutating func setHeader(_ new: StateHeader) throws(LockStateError) {
        guard new != header || isHeaderLost else { return }
        var new = new
        new.generation = header.generation + 1
        let place = Int(new.generation & 1) * Self.headerStride
        UnsafeMutableRawBufferPointer(rebasing: memory[place..<place + StateHeader.byteCount])
            .copyBytes(from: new.bytes)
        header = new
        isHeaderLost = true
        let number = file.sync()
        guard number == 0 else { throw .system(number, path, "fdatasync") }
        isHeaderLost = false
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(self) }
}
