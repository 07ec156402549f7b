import Glibc
import TicketLock

@testable import LockStore

/// A state as a daemon leaves it that is killed: made once, to be spoiled again and again.
struct StateScene: Sendable {
    static let all: [Result<StateScene, any Error>] = [StateDurability.process, .power].map { durability in
        Result { try StateScene(durability) }
    }
    static let logBytes = 65_536

    let durability: StateDurability
    private(set) var log: [UInt8] = []
    private(set) var database: [UInt8] = []
    /// The last change that the database has.
    private var applied: UInt64 = 0
    /// What the table has held, as text, from when the database was last written.
    private(set) var tables: [String] = []

    private init(_ durability: StateDurability) throws {
        self.durability = durability
        let folder = try StateFolderCopy(nil)
        defer { folder.remove() }
        do {
            var (state, table) = try LockState.open(
                folder.options(durability), clock: folder.clock(isRebooted: false))
            tables.append(StateFolderCopy.text(of: table))
            for step in 0..<24 {
                let now = StateFolderCopy.now
                let id = ConversationID("c\(step % 5)")
                try state.makeReady(now: now)
                switch step % 4 {
                case 3: _ = table.cleanUp(Int64(step / 5), token: nil, for: id, now: now)
                default:
                    let key = step % 2 == 0 ? "key \(step)" : nil
                    _ = table.takeTicket(TicketRequest(lifetime: .seconds(60), key: key), for: id, now: now)
                }
                try state.write(&table, now: now)
                if step == 8 {
                    try state.checkpoint()
                    applied = state.log.nextNumber - 1
                    tables = []
                }
                tables.append(StateFolderCopy.text(of: table))
            }
        }
        log = folder.bytes(of: "changes.log")
        database = folder.bytes(of: "locks.mdb")
    }

    /// The log with further entries of these records, in good order.
    func appending(_ entries: [ArraySlice<UInt8>], in folder: StateFolderCopy) throws -> [UInt8] {
        try folder.write(log)
        var changes = try ChangeLog(path: folder.path + "/changes.log", on: MachineDisk())
        try changes.recover(after: applied, isWhole: false) { _ in true }
        for entry in entries { _ = entry.withUnsafeBytes { changes.append($0) } }
        return folder.bytes(of: "changes.log")
    }
}
