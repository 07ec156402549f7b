import Glibc
import TicketLock

@testable import LockStore

/// The state on disk as it may be found: a `changes.log` of any bytes beside a good `locks.mdb`. Opening it restores
/// what was there, or a beginning of it after the machine's death; or refuses, and leaves all as it is.
///
/// An input is a letter, a digit of options and what follows: `r` the file's bytes; `e` places and bytes to be
/// changed in a real file, three bytes each; `c` where a real file is cut off, two bytes; `p` records that are
/// appended to a real file as entries, separated by 0x1e.
enum StateTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws {
        guard input.count >= 2 else { return }
        let options = Options(rawValue: input[1])
        let scene = try StateScene.all[options.contains(.power) ? 1 : 0].get()
        let rest = Array(input[2...])
        let folder = try StateFolderCopy(scene)
        defer { folder.remove() }
        var log = scene.log
        switch input[0] {
        case UInt8(ascii: "e"):
            for place in stride(from: 0, to: rest.count - 2, by: 3) {
                log[(Int(rest[place]) | Int(rest[place + 1]) << 8) % log.count] = rest[place + 2]
            }
        case UInt8(ascii: "c"):
            let from = rest.prefix(2).reversed().reduce(0) { $0 << 8 | Int($1) } % log.count
            let start = ChangeLog.Layout.present.start
            for place in max(from, start)..<max(log.count, start) { log[place] = 0 }
        case UInt8(ascii: "p"):
            let entries = rest.split(separator: 0x1e)
            if entries.contains(where: isFar) { return }
            log = try scene.appending(entries, in: folder)
        default: log = rest
        }
        try folder.write(log)
        let table = try open(folder, options)
        if input[0] == UInt8(ascii: "c"), options.contains(.rebooted), options.contains(.power) {
            let isKnown = table.map { found in scene.tables.contains { found.hasSuffix($0) } } ?? false
            try Finding.unless(isKnown, "cut off: \(table ?? "refused"), which never was:\n\(scene.tables)")
        }
    }

    /// Whether an entry has a slot far from all others. There is a place for each slot before it, which is for nobody to
    /// say that it was not in use; that takes memory and time, and no damage makes it past the checksums.
    private static func isFar(_ entry: ArraySlice<UInt8>) -> Bool {
        var isFar = false
        _ = entry.withUnsafeBytes { bytes in
            Record.forEach(in: bytes) { if $0.kind != .ticket, $0.key > 1 << 12 { isFar = true } }
        }
        return isFar
    }

    /// What the table holds; nil when the state is refused.
    private static func open(_ folder: StateFolderCopy, _ options: Options) throws -> String? {
        let before = folder.contents()
        let first: String
        do {
            first = try folder.open(options)
        } catch {
            guard error is LockStateError else { throw error }
            try Finding.unless(folder.contents() == before, "refused (\(error)), and not left as it was")
            return nil
        }
        // Whatever it was, it is a state from now on.
        let second = try folder.open(options)
        try Finding.unless(second == first, "opened again:\n\(second)\nnot\n\(first)")
        return first
    }

    struct Options: OptionSet {
        let rawValue: UInt8
        /// The state was written, and is opened, with this durability.
        static let power = Options(rawValue: 1)
        /// The machine has died since.
        static let rebooted = Options(rawValue: 2)
    }
}
