import Testing

@testable import TicketLock

@Suite("Reading: last_issued, now_serving, is_someone_waiting, get_lock, get_or_create_lock")
struct ReadingTests {
    let desk = Desk()

    @Test("An unknown conversation has no lock, nobody waiting, and is not created by asking")
    func unknown() {
        #expect(desk.lock() == nil)
        #expect(desk.waiting() == Waiting(isSomeoneWaiting: false, waiting: 0, nowServing: 0))
        #expect(desk.status(0) == .failure(.neverIssued))
        #expect(desk.finish(0) == .success(Finished(removed: false, nowServing: 0, isSomeoneWaiting: false)))
        let nothing = CleanedUp(removed: false, deleted: false, isSomeoneWaiting: false)
        #expect(desk.cleanUp(0) == .success(nothing))
        #expect(desk.extend(0, by: .seconds(1)) == .failure(.neverIssued))
        #expect(!desk.delete())
        desk.table.update("ada", now: desk.now)
        desk.watch(0)
        #expect(desk.table.lockCount == 0)
        #expect(desk.table.nextDeadline == nil)
    }

    @Test("A new lock has issued -1 and serves 0")
    func created() throws {
        let new = try desk.create().get()
        #expect(new.created)
        #expect(new.lock.lastIssued == -1)
        #expect(new.lock.nowServing == 0)
        #expect(!new.lock.isSomeoneWaiting)
        #expect(try !desk.create().get().created)
    }

    @Test("get_or_create_lock leaves an existing lock as it is")
    func existing() throws {
        try desk.issue(2)
        let found = try desk.create().get()
        #expect(!found.created)
        #expect(found.lock == desk.lock())
        #expect(found.lock.tickets.map(\.number) == [0, 1])
    }

    @Test("Now serving is the head's number, and 0 for the empty queue")
    func nowServing() throws {
        try desk.issue(3)
        desk.finish(0)
        desk.finish(1)
        #expect(desk.lock()?.nowServing == 2)
        desk.finish(2)
        #expect(desk.lock()?.nowServing == 0)
        #expect(desk.waiting().nowServing == 0)
    }

    @Test("On an empty queue that serves 0, ticket 0 is gone and not served")
    func zeroOnEmpty() throws {
        try desk.issue()
        desk.finish(0)
        #expect(desk.lock()?.nowServing == 0)
        #expect(desk.status(0) == .failure(.gone(.unknown)))
    }

    @Test("Last issued never goes down while the lock exists")
    func lastIssued() throws {
        try desk.issue(3)
        for number in [2, 0, 1] as [TicketNumber] { desk.finish(number) }
        #expect(desk.lock()?.lastIssued == 2)
        desk.advance(.seconds(3599))
        #expect(desk.lock()?.lastIssued == 2)
    }

    @Test(
        "Someone is waiting as soon as the queue is not empty; the one being served is not counted as waiting",
        arguments: [(0, 0), (1, 0), (2, 1), (5, 4)])
    func someoneWaiting(tickets: Int, waiting: Int) throws {
        desk.create()
        try desk.issue(tickets)
        #expect(
            desk.waiting() == Waiting(isSomeoneWaiting: tickets > 0, waiting: waiting, nowServing: 0))
        #expect(desk.lock()?.isSomeoneWaiting == (tickets > 0))
    }

    @Test("Expired tickets are never visible, to no operation")
    func expiredAreInvisible() throws {
        for id in ["1", "2", "3", "4", "5", "6", "7"] as [ConversationID] {
            try desk.issue(id, lifetime: .seconds(1))
        }
        desk.advance(.seconds(1))
        #expect(desk.lock("1")?.tickets == [])
        #expect(!desk.waiting("2").isSomeoneWaiting)
        #expect(desk.status(0, for: "3") == .failure(.gone(.unknown)))
        #expect(desk.extend(0, by: .seconds(9), for: "4") == .failure(.gone(.unknown)))
        #expect(
            desk.finish(0, for: "5")
                == .success(Finished(removed: false, nowServing: 0, isSomeoneWaiting: false)))
        #expect(try desk.create("6").get().lock.tickets == [])
        #expect(desk.table.page(prefix: "7", limit: 9, from: 0, now: desk.now).locks.map(\.tickets) == [[]])
        #expect(desk.table.ticketCount == 0)
    }

    @Test("Updating a lock drops its expired tickets and leaves the empty lock")
    func update() throws {
        try desk.issue(lifetime: .seconds(1))
        desk.advance(.seconds(1))
        desk.table.update("ada", now: desk.now)
        #expect(desk.table.ticketCount == 0)
        #expect(desk.table.lockCount == 1)
    }
}
