import Foundation
import Support
import Synchronization
import TicketLock

@testable import LockStore

/// What the clocks of a machine show.
private final class Clocks: Sendable {
    let now = Atomic<Int64>(100_000_000_000)
    let wall = Atomic<Int64>(1_800_000_000_000_000_000)
}

/// A table with its state on disk, used without a store around it, on a machine whose clocks a test sets.
final class StateDesk {
    let directory: String
    var limits = LockLimits()
    var durability = StateDurability.process
    var logBytes = 1 << 22
    private let clocks = Clocks()
    /// Nanoseconds since the machine booted.
    var now: Int64 {
        get { clocks.now.load(ordering: .relaxed) }
        set { clocks.now.store(newValue, ordering: .relaxed) }
    }
    /// Nanoseconds since 1970.
    var wall: Int64 {
        get { clocks.wall.load(ordering: .relaxed) }
        set { clocks.wall.store(newValue, ordering: .relaxed) }
    }
    var bootID: UInt128 = 1
    var notices: [String] = []
    private(set) var state: LockState?
    var table = LockTable(limits: LockLimits(), firstToken: 0)

    init(_ folder: URL, _ durability: StateDurability = .process) {
        directory = folder.appending(path: "state").path
        self.durability = durability
    }

    var moment: Instant { Instant(nanoseconds: now) }
    var log: String { directory + "/changes.log" }
    var database: String { directory + "/locks.mdb" }

    func open(isDiscarding: Bool = false, at other: String? = nil) throws {
        let clock = MachineClock(
            bootID: bootID, now: { [clocks] in Instant(nanoseconds: clocks.now.load(ordering: .relaxed)) },
            wallTime: { [clocks] in clocks.wall.load(ordering: .relaxed) })
        var options = LockState.Options(
            directory: other ?? directory, durability: durability, isDiscarding: isDiscarding, limits: limits)
        options.logBytes = logBytes
        let opened = try LockState.open(options, clock: clock)
        table = opened.table
        state = opened.state
        state?.onNotice = { [unowned self] in notices.append("\($0)") }
    }

    /// The process dies.
    func die() { state = nil }

    func reopen() throws {
        die()
        try open()
    }

    /// Ends in order.
    func close() throws {
        try state?.close()
        state = nil
    }

    func pass(_ span: Duration) {
        now += span.nanoseconds
        wall += span.nanoseconds
    }

    /// The machine dies, and boots again `span` later.
    func reboot(after span: Duration) {
        die()
        wall += span.nanoseconds
        now = 5_000_000_000
        bootID += 1
    }

    func perform<Value>(_ operation: (inout LockTable, Instant) throws -> Value) throws -> Value {
        guard let state else { throw LockStateError(.failed, directory, "is not open") }
        try state.makeReady(now: moment)
        let value = try operation(&table, moment)
        try state.write(&table, now: moment)
        return value
    }

    /// Lets a store have the state, by the clock of a harness, which is torn down afterwards.
    func serve(after span: Duration = .zero) async throws -> (
        harness: MemoryHarness, store: InMemoryLockStore
    ) {
        guard let state else { throw LockStateError(.failed, directory, "is not open") }
        let harness = try MemoryHarness()
        if span > .zero { try await harness.advance(by: span) }
        let store = InMemoryLockStore(loop: harness.loop, time: harness.clock, table: table, state: state)
        await store.start()
        return (harness, store)
    }

    @discardableResult
    func issue(
        _ id: String = "ada", lifetime: Duration = .seconds(60), key: String? = nil
    ) throws -> TicketStatus {
        try perform { table, now in
            try table.takeTicket(
                TicketRequest(lifetime: lifetime, key: key), for: ConversationID(id), now: now
            ).get()
        }
    }

    func finish(_ number: TicketNumber, _ id: String = "ada") throws {
        _ = try perform { table, now in
            table.finishServing(number, token: nil, for: ConversationID(id), now: now)
        }
    }

    func cleanUp(_ number: TicketNumber, _ id: String = "ada") throws {
        _ = try perform { table, now in table.cleanUp(number, token: nil, for: ConversationID(id), now: now) }
    }

    /// Everything there is, as text.
    var everything: String {
        var lines: [String] = []
        var start: Int? = 0
        while let from = start {
            let page = table.page(prefix: "", limit: .max, from: from, now: moment)
            for lock in page.locks {
                lines.append("\(lock.conversationID) \(lock.lastIssued) \(lock.nowServing)")
                for ticket in lock.tickets {
                    lines.append(
                        "  \(ticket.number) \(ticket.token) \(ticket.expires.nanoseconds) \(ticket.hasKey)")
                }
            }
            start = page.next
        }
        lines.append("\(table.retainedNumberCount) numbers, \(table.idempotencyKeyCount) keys")
        return lines.joined(separator: "\n")
    }

    /// What every file holds.
    var files: [String: Data] {
        get throws {
            var files: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
                files[name] = try Data(contentsOf: URL(filePath: directory + "/" + name))
            }
            return files
        }
    }

    /// Runs `body` with a desk in a folder of its own, on a thread of its own.
    static func with(
        _ durability: StateDurability = .process, _ body: (StateDesk) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await onOwnThread { try await body(StateDesk(folder, durability)) }
        }
    }
}
