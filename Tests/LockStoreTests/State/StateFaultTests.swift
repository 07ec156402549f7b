import Foundation
import Glibc
import Support
import Testing
import TicketLock

@testable import LockStore

@Suite("Faults of the state on disk", .timeLimit(.minutes(5)))
struct StateFaultTests {
    /// What opening is refused with. The files must be as they were.
    private func refusal(_ desk: StateDesk) throws -> LockStateError {
        let before = try desk.files
        let error = try #require(throws: LockStateError.self) { try desk.open() }
        #expect(try desk.files == before)
        #expect(error.description.hasPrefix(desk.directory))
        return error
    }

    private func edit(_ path: String, _ change: (inout Data) -> Void) throws {
        let url = URL(filePath: path)
        var data = try Data(contentsOf: url)
        change(&data)
        try data.write(to: url)
    }

    private func filled(_ desk: StateDesk) throws {
        try desk.open()
        for number in 0..<3_000 { try desk.issue("c\(number)", key: "k\(number)") }
        for number in 0..<300 { try desk.cleanUp(0, "c\(number)") }
    }

    @Test("A directory that another daemon has is refused, and is free when that one dies")
    func inUse() async throws {
        try await StateDesk.with { desk in
            try desk.open()
            let error = try #require(throws: LockStateError.self) { try desk.open() }
            #expect(error.code == .inUse)
            #expect(error.isPassing)
            try desk.reopen()
        }
    }

    @Test("A later version's state is refused")
    func newerFormat() async throws {
        try await StateDesk.with { desk in
            try filled(desk)
            try desk.close()
            try edit(desk.log) { data in
                for place in [8, 520] where data[place] != 0 { data[place] = 2 }
            }
            let error = try refusal(desk)
            #expect(error.code == .newerFormat)
            #expect(!error.isPassing)
        }
    }

    @Test(
        "A file that is cut off is refused", arguments: ["changes.log", "locks.mdb"],
        [0, 100, 5_000, -4_096, -1])
    func cutOff(name: String, length: Int) async throws {
        try await StateDesk.with { desk in
            try filled(desk)
            try desk.close()
            try edit(desk.directory + "/" + name) { data in
                data = length < 0 ? data.dropLast(-length) : data.prefix(length)
            }
            #expect(try refusal(desk).code == .corrupt)
        }
    }

    @Test(
        "A file that is missing, or another state's, is refused", arguments: ["changes.log", "locks.mdb"],
        [false, true])
    func missing(name: String, isReplaced: Bool) async throws {
        try await StateDesk.with { desk in
            try filled(desk)
            try desk.close()
            let path = desk.directory + "/" + name
            try FileManager.default.removeItem(atPath: path)
            if isReplaced {
                let other = desk.directory + "-other"
                try desk.open(at: other)
                try desk.close()
                try FileManager.default.copyItem(atPath: other + "/" + name, toPath: path)
            }
            #expect(try refusal(desk).code == .corrupt)
            // And that is the way out.
            try desk.open(isDiscarding: true)
            #expect(desk.state?.origin == .discarded)
            #expect(desk.table.lockCount == 0)
        }
    }

    @Test(
        "Any bit that is not as it was is found, or means nothing", arguments: SeededRandom.seeds(1),
        ["changes.log", "locks.mdb"])
    func bitFlips(seed: UInt64, name: String) async throws {
        try await StateDesk.with { desk in
            try filled(desk)
            desk.die()
            try desk.open()
            let everything = desk.everything
            desk.die()
            let path = desk.directory + "/" + name
            let good = try desk.files
            let size = try #require(good[name]?.count)
            let used = name == "changes.log" ? min(size, 400_000) : size
            var random = SeededRandom(seed: seed)
            var found = 0
            for _ in 0..<60 {
                let place = Int.random(in: 0..<used, using: &random)
                let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
                try edit(path) { $0[place] ^= bit }
                let flipped = try desk.files
                do {
                    try desk.open()
                    let comment: Comment = "byte \(place), bit \(bit), \(TestEnvironment.seedName)=\(seed)"
                    #expect(desk.everything == everything, comment)
                    desk.die()
                } catch let error as LockStateError {
                    #expect([.corrupt, .newerFormat].contains(error.code), "\(error)")
                    #expect(try desk.files == flipped)
                    found += 1
                }
                for (name, data) in good { try data.write(to: URL(filePath: desk.directory + "/" + name)) }
            }
            #expect(found > 2)
        }
    }

    @Test("After a disk that failed once in the midst of a commit, operations go on without a restart")
    func failedCommit() async throws {
        try await StateDesk.with(.power) { desk in
            desk.logBytes = 1 << 19
            try desk.open()
            try desk.issue()
            // LMDB writes the page that ends a commit through a descriptor of its own.
            let nowhere = Glibc.open("/dev/null", O_RDONLY)
            for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
                guard let descriptor = Int32(name), fcntl(descriptor, F_GETFL) & O_DSYNC != 0 else {
                    continue
                }
                // Others come and go meanwhile.
                let target = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/fd/\(name)")
                if target == desk.database { #expect(dup2(nowhere, descriptor) == descriptor) }
            }
            _ = Glibc.close(nowhere)
            var issued = 0
            #expect(throws: LockStoreError.self) {
                while issued < 20_000 {
                    try desk.issue("c\(issued)")
                    issued += 1
                }
            }
            desk.pass(.seconds(1))
            try desk.issue("c\(issued)")
            #expect(desk.notices.count == 2)
            let everything = desk.everything
            try desk.reopen()
            #expect(desk.everything == everything)
        }
    }

    @Test("A path that is no directory, or leads nowhere, is refused")
    func noDirectory() async throws {
        try await withTemporaryFolder { folder in
            let desk = StateDesk(folder)
            try Data().write(to: folder.appending(path: "file"))
            for name in ["file", "file/state", "none/state"] {
                let error = try #require(throws: LockStateError.self) {
                    try desk.open(at: folder.appending(path: name).path)
                }
                #expect(error.code == .unusable)
                #expect(error.description.contains("store.state_directory"))
            }
        }
    }

    @Test("A directory whose making was cut short is no state yet")
    func unfinished() async throws {
        try await StateDesk.with { desk in
            try filled(desk)
            try desk.close()
            try FileManager.default.moveItem(atPath: desk.log, toPath: desk.log + ".new")
            try desk.open()
            #expect(desk.state?.origin == .new)
        }
    }
}

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

    @Test("A disk too full to go on after a loss of power harms nothing: with room, all is there")
    func fullAfterPowerLoss() async throws {
        try await withSmallDisk(12) { desk in
            desk.durability = .power
            try desk.open()
            for number in 0..<1_000 { try desk.issue("c\(number)") }
            #expect(desk.state?.sync() == nil)
            let everything = desk.everything
            let filler = try fill(desk)
            let now = desk.now
            desk.reboot(after: .zero)
            desk.now = now
            let error = try #require(throws: LockStateError.self) { try desk.open() }
            #expect(error.code == .full)
            try FileManager.default.removeItem(at: filler)
            try desk.open()
            #expect(desk.everything == everything)
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
            let state = try #require(desk.state)
            let harness = try MemoryHarness()
            try await harness.advance(by: .seconds(1))
            let store = InMemoryLockStore(
                loop: harness.loop, time: harness.clock, table: desk.table, state: state)
            await store.start()
            let id = ConversationID("ada")
            let waiter = Task { try await store.wait(for: 9, token: nil, of: id, timeout: .seconds(300)) }
            while await store.statistics().waiterCount == 0 { await Task.yield() }
            let filler = try fill(desk)
            await #expect(throws: LockStoreError.self) { try await store.deleteLock(for: id) }
            try FileManager.default.removeItem(at: filler)
            try await harness.advance(by: .seconds(2))
            #expect(await store.statistics().waiterCount == 0)
            try await harness.advance(by: .seconds(300))
            #expect(try await waiter.value == .failure(.gone(.lockDeleted)))
            await harness.tearDown()
        }
    }
}
