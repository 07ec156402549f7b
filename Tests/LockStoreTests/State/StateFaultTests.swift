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
                for place in ChangeLog.Layout.present.headers where data[place] != 0 { data[place + 8] = 3 }
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
