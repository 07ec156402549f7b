import TicketLock

/// What is known of a state before any of its records is read. It is on the disk itself before the daemon
/// serves, whatever the durability of the rest.
struct StateHeader: Equatable {
    static let magic: UInt64 = 0x0a31_6b63_6f6c_7474
    static let format: UInt32 = 2
    static let byteCount = 192
    /// Of format 1.
    private static let firstByteCount = 152

    /// Of several in one file the latest one holds.
    var generation: UInt64 = 0
    /// Bytes of the file it stands in.
    var fileBytes: UInt64
    /// The same in the database that goes with the file.
    var stateID: UInt128
    /// Of the boot of the machine that the daemon last served in.
    var bootID: UInt128
    var hashKey: (UInt64, UInt64)
    /// Added to this boot's moments; so a moment stored in an earlier one comes after all that were stored before.
    var epoch: Int64
    /// Nanoseconds from this boot's clock to the wall clock, when last looked at.
    var wallOffset: Int64
    /// Above every token given out.
    var tokenCeiling: FencingToken
    /// No ticket that is stored can live longer from when it was last extended, or since the last start.
    var longestLife: Int64
    /// Until then no tickets are given out, with the epoch; those of a state that was lost may be alive. The lowest
    /// number there is when none was.
    var grantsFrom: Int64
    var durability: StateDurability
    /// All is on the disk, and nobody serves.
    var isClosed: Bool
    /// Which start of a daemon it is.
    var run: UInt64 = 0
    /// Above every ticket's number given out; 0 when that is not known.
    var numberCeiling: TicketNumber = 0
    /// Numbers below may have been given out by locks that were lost, and until then nobody gets them again, with the
    /// epoch.
    var lostNumbersEnd: TicketNumber = 0
    var lostNumbersUntil: Int64 = .min

    /// What a table is told of them.
    var lostNumbers: LostNumbers? {
        guard lostNumbersEnd > 0 else { return nil }
        return LostNumbers(end: lostNumbersEnd, until: Instant(nanoseconds: lostNumbersUntil &- epoch))
    }

    static func == (left: StateHeader, right: StateHeader) -> Bool { left.bytes == right.bytes }

    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.put(Self.magic, at: 0)
            bytes.put(Self.format, at: 8)
            bytes.put(UInt32(durability == .power ? 1 : 0) | (isClosed ? 2 : 0), at: 12)
            bytes.put(generation, at: 16)
            bytes.put(fileBytes, at: 24)
            bytes.put(stateID, at: 32)
            bytes.put(bootID, at: 48)
            bytes.put(hashKey.0, at: 64)
            bytes.put(hashKey.1, at: 72)
            bytes.put(epoch, at: 80)
            bytes.put(wallOffset, at: 88)
            bytes.put(tokenCeiling, at: 96)
            bytes.put(longestLife, at: 104)
            bytes.put(grantsFrom, at: 112)
            bytes.put(run, at: 120)
            bytes.put(numberCeiling, at: 128)
            bytes.put(lostNumbersEnd, at: 136)
            bytes.put(lostNumbersUntil, at: 144)
            let end = Self.byteCount - 8
            bytes.put(Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<end])), at: end)
        }
        return bytes
    }

    /// What a file's bytes say there, if they do.
    enum Reading {
        case header(StateHeader, format: UInt32)
        case newerFormat(UInt32)
        case none
    }

    static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        guard bytes.count >= firstByteCount, bytes.integer(at: 0, UInt64.self) == magic else { return .none }
        let format = bytes.integer(at: 8, UInt32.self)
        // A later format may have its checksum anywhere.
        guard format <= Self.format else { return .newerFormat(format) }
        let end = (format == 1 ? firstByteCount : byteCount) - 8
        guard format > 0, bytes.count >= end + 8,
            bytes.integer(at: end, UInt64.self)
                == Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        else { return .none }
        let flags = bytes.integer(at: 12, UInt32.self)
        var header = StateHeader(
            generation: bytes.integer(at: 16, UInt64.self), fileBytes: bytes.integer(at: 24, UInt64.self),
            stateID: bytes.integer(at: 32, UInt128.self), bootID: bytes.integer(at: 48, UInt128.self),
            hashKey: (bytes.integer(at: 64, UInt64.self), bytes.integer(at: 72, UInt64.self)),
            epoch: bytes.integer(at: 80, Int64.self), wallOffset: bytes.integer(at: 88, Int64.self),
            tokenCeiling: bytes.integer(at: 96, UInt64.self),
            longestLife: bytes.integer(at: 104, Int64.self),
            grantsFrom: bytes.integer(at: 112, Int64.self),
            durability: flags & 1 == 1 ? .power : .process, isClosed: flags & 2 == 2)
        if format > 1 {
            header.run = bytes.integer(at: 120, UInt64.self)
            header.numberCeiling = bytes.integer(at: 128, TicketNumber.self)
            header.lostNumbersEnd = bytes.integer(at: 136, TicketNumber.self)
            header.lostNumbersUntil = bytes.integer(at: 144, Int64.self)
        }
        return .header(header, format: format)
    }
}

/// Tells bytes that were written from others.
enum Checksum {
    private static let function = SipHash(key: (0x7469_636b_6574_6c6f, 0x636b_2073_7461_7465))

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 { function.hash(bytes) }
}
