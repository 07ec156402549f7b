import Support
import Testing
import TicketLock

@testable import LockStore

/// How long grants wait after the machine's death goes by the longest life of a ticket.
@Suite("The longest life of a ticket")
struct LongestLifeTests {
    /// What a desk's header says, in seconds.
    private func longestLife(_ desk: StateDesk) throws -> Int64 {
        try #require(desk.state).log.header.longestLife / 1_000_000_000
    }

    @Test("What an older limit allowed is forgotten at a start when no ticket lives by it any more")
    func forgotten() async throws {
        try await StateDesk.with { desk in
            desk.limits.maxLifetime = .seconds(3600)
            try desk.open()
            try desk.issue(lifetime: .seconds(600))
            desk.limits.maxLifetime = .seconds(60)
            desk.pass(.seconds(10))
            try desk.reopen()
            #expect(try longestLife(desk) == 590)
            desk.pass(.seconds(530))
            try desk.reopen()
            #expect(try longestLife(desk) == 60)
            desk.reboot(after: .seconds(1))
            try desk.open()
            #expect(desk.state?.grantsFrom == desk.moment + .seconds(60))
        }
    }

    @Test("A ticket that waits keeps it, for the lifetime that it begins when it is served")
    func waiting() async throws {
        try await StateDesk.with { desk in
            desk.limits.maxLifetime = .seconds(3600)
            try desk.open()
            try desk.issue(lifetime: .seconds(30))
            _ = try desk.perform { table, now in
                table.takeTicket(
                    TicketRequest(
                        kind: .acquire(until: now + .seconds(20)), lifetime: .seconds(900), key: "k"),
                    for: ConversationID("ada"), now: now)
            }
            desk.limits.maxLifetime = .seconds(60)
            try desk.reopen()
            #expect(try longestLife(desk) == 900)
            desk.pass(.seconds(20))
            // It is dropped only when somebody looks.
            try desk.perform { table, now in table.update(ConversationID("ada"), now: now) }
            try desk.reopen()
            #expect(try longestLife(desk) == 60)
        }
    }

    @Test("As long as tickets that were lost with the machine may be alive it stays")
    func lost() async throws {
        try await StateDesk.with { desk in
            desk.limits.maxLifetime = .seconds(1800)
            desk.limits.numberRetention = .seconds(1800)
            try desk.open()
            try desk.issue()
            desk.limits.maxLifetime = .seconds(60)
            desk.reboot(after: .seconds(10))
            try desk.open()
            desk.pass(.seconds(1799))
            try desk.reopen()
            #expect(try longestLife(desk) == 1800)
            desk.pass(.seconds(1))
            try desk.reopen()
            #expect(try longestLife(desk) == 60)
        }
    }
}
