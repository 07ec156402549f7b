import Foundation
import Glibc
import Support
import Testing
import TicketLock

@testable import LockStore

/// A file system of some megabytes, which can be full.
@Suite(
    "A full disk", .enabled(if: getuid() == 0, "needs root, to mount a file system"), .timeLimit(.minutes(5)))
struct FullDiskTests {
    private func withSmallDisk(_ megabytes: Int, _ body: (StateDesk) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let options = "size=\(megabytes)m"
            guard mount("tmpfs", folder.path, "tmpfs", 0, options) == 0 else {
                return print("A full disk: skipped, nothing can be mounted here")
            }
            defer { umount2(folder.path, Int32(MNT_DETACH)) }
            try await onOwnThread { try await body(StateDesk(folder)) }
        }
    }

    private func fill(_ desk: StateDesk) throws -> URL {
        let url = URL(filePath: desk.directory + "/../filler")
        let file = Glibc.open(url.path, O_WRONLY | O_CREAT, 0o600)
        var page = [UInt8](repeating: 1, count: 4096)
        while write(file, &page, page.count) > 0 {}
        _ = Glibc.close(file)
        return url
    }

    @Test("A disk without room for a state is said to have none")
    func fullAtStart() async throws {
        try await withSmallDisk(1) { desk in
            let error = try #require(throws: LockStateError.self) { try desk.open() }
            #expect(error.code == .full)
            #expect(error.isPassing)
        }
    }

    @Test(
        "When the disk gets full, operations are refused before anything is done, until there is room again")
    func fullMeanwhile() async throws {
        try await withSmallDisk(12) { desk in
            desk.limits.locksMax = 1_000_000
            try desk.open()
            for number in 0..<1_000 { try desk.issue("c\(number)") }
            let filler = try fill(desk)
            var error: LockStoreError?
            var issued = 1_000
            while error == nil, issued < 200_000 {
                do {
                    try desk.issue("c\(issued)")
                    issued += 1
                } catch let thrown as LockStoreError {
                    error = thrown
                }
            }
            #expect(error?.code == .stateUnwritable)
            #expect(desk.notices.count == 1)
            #expect(throws: LockStoreError.self) { try desk.state?.checkReady(now: desk.moment) }
            // Memory and disk agree, also when the process dies now and starts on the full disk.
            #expect(desk.table.lockCount == issued)
            let everything = desk.everything
            try desk.reopen()
            #expect(desk.everything == everything)
            #expect(throws: LockStoreError.self) { try desk.issue("one more") }
            #expect(desk.everything == everything)
            try FileManager.default.removeItem(at: filler)
            desk.pass(.seconds(1))
            try desk.issue("one more")
            #expect(desk.table.lockCount == issued + 1)
            #expect(desk.notices.count == 3)
            #expect(throws: Never.self) { try desk.state?.checkReady(now: desk.moment) }
            try desk.reopen()
            #expect(desk.table.lockCount == issued + 1)
        }
    }

    @Test("A start after a loss of power needs no room on the disk")
    func fullAfterPowerLoss() async throws {
        try await withSmallDisk(12) { desk in
            desk.durability = .power
            try desk.open()
            for number in 0..<1_000 { try desk.issue("c\(number)") }
            #expect(desk.state?.sync() == nil)
            let everything = desk.everything
            _ = try fill(desk)
            let now = desk.now
            desk.reboot(after: .zero)
            desk.now = now
            try desk.open()
            #expect(desk.everything == everything)
            try desk.issue("one more")
        }
    }

    @Test("What is to be put aside stays where it is when the disk has no room for what comes in its place")
    func fullWhenDiscarding() async throws {
        try await withSmallDisk(12) { desk in
            try desk.open()
            for number in 0..<1_000 { try desk.issue("c\(number)") }
            try desk.close()
            let everything = desk.everything
            let filler = try fill(desk)
            // Room for the log, and not for the database.
            let size = try Data(contentsOf: filler).count
            truncate(filler.path, size - desk.logBytes - 8_192)
            let before = try desk.files
            let error = try #require(throws: LockStateError.self) { try desk.open(isDiscarding: true) }
            #expect(error.code == .full)
            #expect(try desk.files == before)
            try desk.open()
            #expect(desk.everything == everything)
        }
    }

    @Test("Who waits on a full disk is told as soon as there is room, though nobody asks for anything")
    func fullWhileWaiting() async throws {
        try await withSmallDisk(24) { desk in
            desk.limits.ticketsPerLockMax = 50_000
            // So short that the end of the queue does not fit.
            desk.logBytes = 1 << 18
            try desk.open()
            for _ in 0..<20_000 { try desk.issue(lifetime: .seconds(3600)) }
            let (harness, store) = try await desk.serve(after: .seconds(1))
            let id = ConversationID("ada")
            let waiter = Task { try await store.wait(for: 9, token: nil, of: id, timeout: .seconds(300)) }
            while await store.statistics().waiterCount == 0 { await Task.yield() }
            let filler = try fill(desk)
            let deletion = Task { try await store.deleteLock(for: id) }
            try await eventually("it is deleted") { await store.statistics().lockCount == 0 }
            // Done, and not written: nobody is told, and nothing else is done.
            await #expect(throws: LockStoreError.self) { try await store.deleteLock(for: id) }
            #expect(await store.statistics().waiterCount == 1)
            try FileManager.default.removeItem(at: filler)
            try await harness.advance(by: .seconds(2))
            #expect(await store.statistics().waiterCount == 0)
            #expect(try await deletion.value?.count == 20_000)
            #expect(try await waiter.value == .failure(.gone(.lockDeleted)))
            await harness.tearDown()
        }
    }

    @Test("On a full disk nobody waits for longer than it wished, and who gave up holds up nobody afterwards")
    func fullWhileTimingOut() async throws {
        try await withSmallDisk(12) { desk in
            desk.limits.locksMax = 1_000_000
            try desk.open()
            try desk.issue("held", lifetime: .seconds(3600))
            let filler = try fill(desk)
            let (harness, store) = try await desk.serve(after: .seconds(1))
            let id = ConversationID("held")
            let acquire = Task {
                try await store.acquire(for: id, lifetime: .seconds(600), timeout: .seconds(3000), key: nil)
            }
            while await store.statistics().waiterCount < 1 { await Task.yield() }
            let waiter = Task { try await store.wait(for: 1, token: nil, of: id, timeout: .seconds(60)) }
            while await store.statistics().waiterCount < 2 { await Task.yield() }
            // Until nothing more can be written.
            var error: LockStoreError?
            var count = 0
            while error == nil, count < 200_000 {
                count += 1
                do throws(LockStoreError) {
                    let other = ConversationID("c\(count)")
                    _ = try await store.issueTicket(for: other, lifetime: .seconds(3600), key: nil)
                } catch let thrown {
                    error = thrown
                }
            }
            #expect(error?.code == .stateUnwritable)
            await #expect(throws: LockStoreError.self) { try await store.checkReady() }
            try await harness.advance(by: .seconds(61))
            await #expect(throws: LockStoreError.self) { try await waiter.value }
            acquire.cancel()
            await #expect(throws: LockStoreError.self) { try await acquire.value }
            #expect(await store.statistics().waiterCount == 0)
            try FileManager.default.removeItem(at: filler)
            try await harness.advance(by: .seconds(1))
            await #expect(throws: Never.self) { try await store.checkReady() }
            let finished = try await store.finishServing(0, token: nil, of: id).get()
            #expect(!finished.isSomeoneWaiting)
            await harness.tearDown()
        }
    }
}
