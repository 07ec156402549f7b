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
}
