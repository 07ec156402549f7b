import Glibc
import TicketLock

@testable import LockStore

/// A folder in memory with the files of a state.
final class StateFolderCopy {
    static let now = Instant(nanoseconds: 100_000_000_000)

    let path: String

    /// With the scene's database, or with nothing.
    init(_ scene: StateScene?) throws {
        let given = getenv("TICKETLOCKD_FUZZ_FOLDER").map { String(cString: $0) }
        let base = given ?? (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
        var template = Array("\(base)/ticketlockd-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Finding("no folder in \(base)") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        if let scene { try put(scene.database, "locks.mdb") }
    }

    func remove() {
        for name in names() { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    func write(_ log: [UInt8]) throws { try put(log, "changes.log") }

    func options(_ durability: StateDurability) -> LockState.Options {
        var options = LockState.Options(directory: path, durability: durability, limits: LockLimits())
        options.logBytes = StateScene.logBytes
        return options
    }

    func clock(isRebooted: Bool) -> MachineClock {
        MachineClock(
            bootID: isRebooted ? 2 : 1, now: { Self.now }, wallTime: { 1_800_000_000_000_000_000 })
    }

    /// Opens the state, and leaves it as if it was killed then. What its table holds, as text.
    func open(_ options: StateTarget.Options) throws -> String {
        let durability: StateDurability = options.contains(.power) ? .power : .process
        let clock = clock(isRebooted: options.contains(.rebooted))
        var attempts = 0
        while true {
            do throws(LockStateError) {
                return try opened(self.options(durability), clock)
            } catch {
                attempts += 1
                guard attempts < 100, "\(error)".contains("is in use") else { throw error }
                // A process that another test starts has the lock of the last one, until it is another program.
                usleep(10_000)
            }
        }
    }

    private func opened(_ options: LockState.Options, _ clock: MachineClock) throws(LockStateError) -> String
    {
        let (state, table) = try LockState.open(options, clock: clock)
        _ = consume state
        return Self.text(of: table)
    }

    static func text(of table: LockTable) -> String {
        var table = table
        var lines: [String] = []
        var start: Int? = 0
        while let from = start {
            let page = table.page(prefix: "", limit: .max, from: from, now: now)
            for lock in page.locks {
                let tickets = lock.tickets.map {
                    "\($0.number)/\($0.token)/\($0.expires.nanoseconds)/\($0.hasKey)"
                }
                lines.append("\(lock.conversationID) \(lock.lastIssued): \(tickets.joined(separator: " "))")
            }
            start = page.next
        }
        lines.append("\(table.retainedNumberCount) numbers, \(table.idempotencyKeyCount) keys")
        return lines.joined(separator: "\n")
    }

    func contents() -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for name in names() { contents[name] = bytes(of: name) }
        return contents
    }

    func bytes(of name: String) -> [UInt8] {
        guard let file = fopen("\(path)/\(name)", "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&part, 1, part.count, file), count > 0 { bytes += part[..<count] }
        return bytes
    }

    private func put(_ bytes: [UInt8], _ name: String) throws {
        guard let file = fopen("\(path)/\(name)", "w") else { throw Finding("cannot write \(path)/\(name)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw Finding("\(path)/\(name) is full")
        }
    }

    private func names() -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
