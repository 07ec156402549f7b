import Foundation
import Support
import Testing
import TicketLock

@testable import LockStore

/// A state as version 1 of the format had it, killed: some in the database, some in the log.
@Suite("A state in an older format", .timeLimit(.minutes(5)))
struct OldFormatTests {
    private func fixture(_ durability: StateDurability) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Format1").appending(path: durability.rawValue)
    }

    /// Puts the old files where a desk opens them.
    private func put(_ desk: StateDesk) throws -> String {
        let fixture = fixture(desk.durability)
        try FileManager.default.createDirectory(atPath: desk.directory, withIntermediateDirectories: true)
        for name in ["changes.log", "locks.mdb"] {
            let data = try Data(contentsOf: fixture.appending(path: name))
            try data.write(to: URL(filePath: desk.directory + "/" + name))
        }
        return try String(contentsOf: fixture.appending(path: "everything.txt"), encoding: .utf8)
    }

    @Test("It is read, and is in the present format from then on", arguments: StateDurability.allCases)
    func converted(durability: StateDurability) async throws {
        try await StateDesk.with(durability) { desk in
            let everything = try put(desk)
            try desk.open()
            #expect(desk.state?.origin == .restored)
            #expect(desk.everything == everything)
            #expect(try ChangeLog(path: desk.log, on: MachineDisk()).format == StateHeader.format)
            for number in 0..<300 { try desk.issue("new \(number)") }
            _ = desk.state?.sync()
            let later = desk.everything
            try desk.reopen()
            #expect(desk.everything == later)
            let now = desk.now
            try desk.close()
            desk.reboot(after: .zero)
            desk.now = now
            try desk.open()
            #expect(desk.everything == later)
        }
    }

    @Test("It is read after a loss of power, too")
    func rebooted() async throws {
        try await StateDesk.with(.power) { desk in
            let everything = try put(desk)
            let now = desk.now
            desk.reboot(after: .zero)
            desk.now = now
            try desk.open()
            #expect(desk.everything == everything)
        }
    }
}
