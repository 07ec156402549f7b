import Foundation
import Glibc
import Support
import Synchronization
import Testing
import TicketLock

@testable import LockStore

@Suite("What the state on disk comes back from", .timeLimit(.minutes(5)))
struct StateRecoveryTests {
    @Test("A wall clock that was centuries ahead once leaves tokens that every JSON reader keeps exact")
    func clockAhead() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            try desk.issue()
            try desk.close()
            let wall = desk.wall
            desk.wall = .max - 1_000_000_000_000
            for _ in 0..<3 {
                try desk.open()
                try desk.issue()
                try desk.close()
            }
            desk.wall = wall
            try desk.open()
            #expect(try desk.issue().token < 1 << 53)
        }
    }

    @Test("A wall clock that went back keeps no tickets from being given out for longer than any could live")
    func clockBackWhileWaiting() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            try desk.issue()
            desk.reboot(after: .seconds(10))
            try desk.open()
            #expect(desk.state?.origin == .incomplete)
            try desk.close()
            desk.reboot(after: .seconds(-1_000_000_000))
            try desk.open()
            let from = try #require(desk.state?.grantsFrom)
            #expect(from <= desk.moment + .seconds(3600))
        }
    }

    @Test("A wall clock that went back keeps no empty lock and no number for longer than the retention")
    func clockBackWhileIdle() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            try desk.issue("empty")
            try desk.finish(0, "empty")
            try desk.issue("deleted")
            try desk.cleanUp(0, "deleted")
            try desk.close()
            desk.reboot(after: .seconds(-1_000_000_000))
            try desk.open()
            desk.pass(.seconds(3601))
            _ = try desk.perform { table, now in table.expire(now: now, limit: 10) }
            #expect(desk.table.lockCount == 0)
            #expect(try desk.issue("deleted").number == 0)
        }
    }

    @Test("What was written while the disk failed is not answered before the database has it")
    func failedSync() async throws {
        try await StateDesk.with(.power) { desk in
            try desk.open()
            let place = try #require(try Data(contentsOf: URL(filePath: desk.log)).lastIndex { $0 != 0 })
            try desk.issue("lost")
            desk.state?.syncBegins()
            try desk.issue("answered")
            #expect(desk.state?.syncEnded(EIO) != nil)
            #expect(desk.state?.isUnsynced == true)
            #expect(desk.state?.sync() == nil)
            let now = desk.now
            desk.reboot(after: .zero)
            desk.now = now
            // What the disk failed to take is not there.
            var data = try Data(contentsOf: URL(filePath: desk.log))
            let start = max(place + 1, ChangeLog.Layout.present.start)
            data.replaceSubrange(start..<start + 64, with: Data(count: 64))
            try data.write(to: URL(filePath: desk.log))
            try desk.open()
            #expect(desk.table.lock(for: ConversationID("answered"), now: desk.moment) != nil)
        }
    }

    @Test("A header that the disk did not take is known to cost what the log holds besides")
    func failedHeader() async throws {
        try await StateDesk.with(.power) { desk in
            try desk.open()
            try desk.issue()
            let descriptor = try #require(try descriptor(of: desk.log))
            let good = dup(descriptor)
            // What is no disk cannot be waited for.
            let nowhere = Glibc.open("/dev/null", O_RDWR)
            dup2(nowhere, descriptor)
            desk.wall += 86_400_000_000_000
            desk.pass(.seconds(11))
            try desk.issue()
            #expect(desk.notices.count == 1)
            // The database has it.
            #expect(desk.state?.sync() == nil)
            #expect(desk.notices.count == 1)
            try desk.issue()
            #expect(desk.state?.sync() != nil)
            dup2(good, descriptor)
            desk.pass(.seconds(11))
            try desk.issue()
            #expect(desk.state?.sync() == nil)
            #expect(desk.notices.count == 2)
            for other in [good, nowhere] { _ = Glibc.close(other) }
        }
    }

    @Test("With power all is answered when the disk has taken it, and not before: to callers and to waiters")
    func failedAnswers() async throws {
        try await StateDesk.with(.power) { desk in
            // The harness's clock.
            desk.now = 1_000_000_000_000
            try desk.open()
            try desk.issue()
            try desk.issue()
            #expect(desk.state?.sync() == nil)
            let (harness, store) = try await desk.serve()
            let id = ConversationID("ada")
            let waiter = Task { try await store.wait(for: 1, token: nil, of: id, timeout: .seconds(300)) }
            while await store.statistics().waiterCount == 0 { await Task.yield() }
            // The log's own descriptor and that of the thread which waits for the disk, and the database's.
            let broken = try descriptors(of: desk.log) + descriptors(of: desk.database)
            let good = broken.map { dup($0) }
            let nowhere = Glibc.open("/dev/null", O_RDWR)
            for descriptor in broken { dup2(nowhere, descriptor) }
            let answered = Count()
            let finish = Task {
                defer { answered.value.add(1, ordering: .relaxed) }
                return try await store.finishServing(0, token: nil, of: id)
            }
            let told = Task {
                defer { answered.value.add(1, ordering: .relaxed) }
                return try await waiter.value
            }
            try await eventually("the disk has failed") {
                do throws(LockStoreError) { try await store.checkReady() } catch { return true }
                return false
            }
            await #expect(throws: LockStoreError.self) { try await store.getLock(for: id) }
            #expect(answered.value.load(ordering: .relaxed) == 0)
            for (descriptor, good) in zip(broken, good) { dup2(good, descriptor) }
            try await harness.advance(by: .seconds(2))
            #expect(try await finish.value.get().removed)
            #expect(try await told.value.get().isLocked == false)
            await harness.tearDown()
            for other in good + [nowhere] { _ = Glibc.close(other) }
        }
    }

    @Test(
        "When the process dies between the steps in which the database takes over, nothing is lost or half done",
        arguments: StateDurability.allCases)
    func betweenSteps(durability: StateDurability) async throws {
        try await StateDesk.with(durability) { desk in
            try desk.open()
            for number in 0..<300 { try desk.issue("c\(number)") }
            try desk.reopen()
            for number in 0..<300 where number % 3 > 0 {
                if number % 3 == 1 {
                    try desk.issue("c\(number)", key: "k")
                } else {
                    try desk.cleanUp(0, "c\(number)")
                }
            }
            let before = desk.everything
            for part in [1, 2, 150, 299] {
                desk.die()
                try takeOver(part, desk)
                try desk.open()
                #expect(desk.everything == before)
            }
        }
    }

    /// Takes over so many changes of the log, and no more.
    private func takeOver(_ count: Int, _ desk: StateDesk) throws {
        var log = try ChangeLog(path: desk.log, on: MachineDisk())
        let database = try LMDBDatabase(path: desk.database, durability: desk.durability, isNew: false)
        for kind in RecordKind.allCases { try database.forEach(kind) { _ in true } }
        var updates = StateUpdates()
        try log.recover(after: try database.meta().applied, isWhole: true) { entry in
            Record.forEach(in: entry) { updates.add($0) }
        }
        updates.sort()
        try #require(updates.count > count)
        try database.commit(updates.items[..<count], meta: nil)
    }

    @Test("A file that is no boot ID is named, with what it is needed for")
    func bootID() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "boot_id")
            for content in [nil, "", "nonsense\n"] {
                try content?.write(to: file, atomically: true, encoding: .utf8)
                let error = try #require(throws: LockStateError.self) {
                    try MachineClock.readBootID(file.path)
                }
                #expect(error.code == .unusable)
                #expect(error.description.hasPrefix(file.path))
                #expect(error.description.contains("boot ID"))
            }
            try "01234567-89ab-cdef-0123-456789abcdef\n".write(to: file, atomically: true, encoding: .utf8)
            #expect(try MachineClock.readBootID(file.path) == 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)
        }
    }

    @Test("A clock that was set while nobody asked for anything ends no ticket when the machine dies then")
    func clockSetWhileIdle() async throws {
        try await StateDesk.with(.power) { desk in
            // The harness's clock.
            desk.now = 1_000_000_000_000
            try desk.open()
            try desk.issue(lifetime: .seconds(600))
            #expect(desk.state?.sync() == nil)
            try await idle(desk) { desk.wall += 86_400_000_000_000 }
            desk.reboot(after: .seconds(10))
            try desk.open()
            #expect(desk.table.ticketCount == 1)
            let found = desk.table.lock(for: ConversationID("ada"), now: desk.moment)
            #expect(found?.tickets.first.map { $0.expires - desk.moment } == .seconds(560))
        }
    }

    /// Lets a store have the state for half a minute in which nobody asks for anything.
    private func idle(_ desk: StateDesk, _ atFirst: () -> Void) async throws {
        let (harness, store) = try await desk.serve()
        atFirst()
        desk.pass(.seconds(30))
        try await harness.advance(by: .seconds(30))
        withExtendedLifetime(store) {}
        await harness.tearDown()
    }

    private func descriptor(of path: String) throws -> Int32? { try descriptors(of: path).first }

    private func descriptors(of path: String) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter { name in
            // Others come and go meanwhile.
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + name)
            return target == path
        }.compactMap { Int32($0) }
    }
}

private final class Count: Sendable {
    let value = Atomic(0)
}
