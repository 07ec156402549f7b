import Testing

@testable import TicketLock

@Suite("Listing the locks")
struct ListingTests {
    let desk = Desk()

    private func create(_ ids: [ConversationID]) { for id in ids { desk.create(id) } }

    /// The IDs of every page from the first to the last, with what `between` does after each.
    private func walk(
        prefix: String = "", limit: Int, between: (Int) -> Void = { _ in }
    ) -> [[ConversationID]] {
        var pages: [[ConversationID]] = []
        var next: Int? = 0
        while let start = next {
            let page = desk.table.page(prefix: prefix, limit: limit, from: start, now: desk.now)
            pages.append(page.locks.map(\.conversationID))
            next = page.next
            between(pages.count)
        }
        return pages
    }

    @Test("An empty store has one empty page")
    func empty() {
        #expect(walk(limit: 10) == [[]])
    }

    @Test("A page holds at most its limit, and the last page has no next", arguments: [1, 4, 5, 6, 1_000])
    func pages(limit: Int) {
        create((0..<5).map { "c\($0)" })
        let pages = walk(limit: limit)
        #expect(pages.flatMap { $0 } == ["c0", "c1", "c2", "c3", "c4"])
        #expect(pages.allSatisfy { $0.count <= limit })
        #expect(pages.count == (5 + limit - 1) / limit)
    }

    @Test(
        "A prefix is compared byte by byte",
        arguments: [
            ("", 6), ("a", 3), ("a/", 2), ("a/b", 1), ("a/bc", 0), ("A", 0), ("*", 1), ("caf\u{E9}", 1),
            ("cafe", 1),
        ])
    func prefix(prefix: String, count: Int) {
        create(["a", "a/", "a/b", "*x", "caf\u{E9}!", "cafe\u{301}!"])
        #expect(walk(prefix: prefix, limit: 2).joined().count == count)
    }

    @Test("Locks that exist from the first page to the last are met exactly once, whatever comes and goes")
    func change() throws {
        create((0..<30).map { "stays\($0)" })
        for index in 0..<30 { desk.create("goes\(index)") }
        let met = walk(limit: 7) { page in
            for index in 0..<4 { desk.delete(ConversationID("goes\((page * 11 + index * 5) % 30)")) }
            for index in 0..<3 { desk.create(ConversationID("new\(page)-\(index)")) }
        }.joined()
        let stayed = met.filter { $0.string.hasPrefix("stays") }
        #expect(stayed.count == 30)
        #expect(Set(stayed).count == 30)
        #expect(Set(met).count == met.count)
    }

    @Test("The order does not change while locks exist")
    func order() throws {
        create(["c3", "c1", "c2"])
        let before = walk(limit: 1).flatMap { $0 }
        try desk.issue("c2")
        desk.finish(0, for: "c2")
        _ = desk.lock("c3")
        #expect(walk(limit: 2).flatMap { $0 } == before)
    }

    @Test("A page never shows an expired ticket, and shows the one that is served instead")
    func expired() throws {
        try desk.issue(lifetime: .seconds(1))
        try desk.issue(lifetime: .seconds(2))
        desk.advance(.seconds(1))
        let page = desk.table.page(prefix: "", limit: 1, from: 0, now: desk.now)
        #expect(page.locks.map(\.nowServing) == [1])
        #expect(page.locks.first?.tickets.map(\.number) == [1])
    }

    @Test("One page looks at a bounded number of locks, and says where to go on")
    func bounded() {
        let most = LockTable.slotsPerPageMax
        create((0...most).map { ConversationID($0 < most ? "x\($0)" : "wanted") })
        let first = desk.table.page(prefix: "wanted", limit: 5, from: 0, now: desk.now)
        #expect(first.locks.isEmpty)
        #expect(first.next == most)
        #expect(walk(prefix: "wanted", limit: 5) == [[], ["wanted"]])
    }

    @Test(
        "A cursor beyond the end, such as one of before a restart, ends the listing",
        arguments: [3, 4, Int.max])
    func beyondTheEnd(start: Int) {
        create(["c0", "c1", "c2"])
        #expect(
            desk.table.page(prefix: "", limit: 9, from: start, now: desk.now)
                == LockPage(locks: [], next: nil))
    }
}
