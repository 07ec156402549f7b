import Foundation
import Glibc
import Support
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
            #expect(from <= Instant(nanoseconds: 0) + .seconds(3600))
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
}
