import LockStore
import Testing
import TicketLock

extension LockStoreConformance {
    /// Reading, making, deleting, cleaning up and listing locks.
    package static let locks: [LockStoreCase] = [
        LockStoreCase("Reading an unknown lock creates nothing; reading a lock changes nothing") { scene in
            #expect(try await scene.lock() == nil)
            try await scene.update()
            #expect(try await scene.lock() == nil)
            _ = try await scene.issue()
            let lock = try await scene.lock()
            try await scene.update()
            #expect(try await scene.lock() == lock)
            #expect(lock?.isSomeoneWaiting == true)
            #expect(await scene.store.statistics().lockCount == 1)
        },
        LockStoreCase("An empty lock is created once and stays readable") { scene in
            let first = try await scene.getOrCreate()
            #expect(first.created)
            #expect(first.lock.conversationID == ConversationID("ada"))
            #expect(first.lock.tickets.isEmpty)
            #expect(first.lock.lastIssued == -1 && first.lock.nowServing == 0)
            let second = try await scene.getOrCreate()
            #expect(!second.created && second.lock == first.lock)
            #expect(try await scene.getOrCreate().lock == first.lock)
            #expect(try await scene.lock() == first.lock)
            #expect(try await scene.getOrCreate("grace").lock.lastIssued == -1)
        },
        LockStoreCase("A lock that is got with tickets in it keeps them") { scene in
            _ = try await scene.issue()
            let result = try await scene.getOrCreate()
            #expect(!result.created && result.lock.tickets.map(\.number) == [0])
        },
        LockStoreCase("Update drops the expired and leaves the lock") { scene in
            for lifetime: Double in [1, 100] { _ = try await scene.issue(lifetime: lifetime) }
            let waiter = try await scene.wait(1)
            try await scene.advance(1.5)
            try await scene.update()
            #expect(try await scene.served(waiter).number == 1)
            #expect(try await scene.queue() == [1])
        },
        LockStoreCase("Deleting drops the lock with its tickets; an unknown one is no error") { scene in
            #expect(try await scene.delete() == false)
            for _ in 0..<3 { _ = try await scene.issue() }
            #expect(try await scene.delete())
            #expect(try await scene.lock() == nil)
            #expect(try await scene.delete() == false)
            await #expect(throws: Refusal.gone(.unknown)) { try await scene.status(0) }
        },
        LockStoreCase("Cleanup removes the ticket, and the lock once its queue is empty") { scene in
            for _ in 0..<2 { _ = try await scene.issue() }
            let first = try await scene.cleanUp(0)
            #expect(first.removed && !first.deleted && first.isSomeoneWaiting)
            #expect(try await scene.queue() == [1])
            let second = try await scene.cleanUp(1)
            #expect(second.removed && second.deleted && !second.isSomeoneWaiting)
            #expect(try await scene.lock() == nil)
            let third = try await scene.cleanUp(1)
            #expect(!third.removed && !third.deleted && !third.isSomeoneWaiting)
            #expect(try await scene.lock() == nil)
        },
        LockStoreCase("Cleanup without a ticket deletes the lock if it is empty") { scene in
            #expect(try await scene.cleanUp(nil).deleted == false)
            _ = try await scene.issue()
            let taken = try await scene.cleanUp(nil)
            #expect(!taken.removed && !taken.deleted && taken.isSomeoneWaiting)
            try await scene.finish(0)
            #expect(try await scene.queue() == [])
            let empty = try await scene.cleanUp(nil)
            #expect(!empty.removed && empty.deleted)
            #expect(try await scene.lock() == nil)
        },
        LockStoreCase("Cleanup after expiry, or of an unknown number, still deletes the empty lock") {
            scene in
            _ = try await scene.issue(lifetime: 1)
            try await scene.advance(1.5)
            let result = try await scene.cleanUp(0)
            #expect(!result.removed && result.deleted)
            try await scene.getOrCreate()
            #expect(try await scene.cleanUp(77).deleted)
            #expect(try await scene.lock() == nil)
        },
        LockStoreCase(
            "An empty lock nobody touches for the retention deletes itself; touching keeps it",
            limits: { limits, tick in limits.numberRetention = tick * 3 },
            body: { scene in
                for id in ["ada", "grace"] {
                    try await scene.finish(try await scene.issue(id).number, of: id)
                }
                try await scene.advance(2)
                try await scene.update("ada")
                try await scene.advance(2)
                #expect(await scene.store.statistics().lockCount == 1)
                #expect(try await scene.lock("grace") == nil)
                #expect(try await scene.lock("ada") != nil)
                try await scene.advance(4)
                #expect(await scene.store.statistics().lockCount == 0)
            }),
        LockStoreCase("A listing meets every lock with the prefix once, at most the limit to a page") {
            scene in
            let ids = (0..<23).map { "a/\($0)" }
            for id in ids + ["b/1", "a", "A/1"] { _ = try await scene.issue(id) }
            _ = try await scene.issue("a/3", lifetime: 1)
            try await scene.advance(1.5)
            for limit in [1, 5, 22, 23, 1_000] {
                var found: [String] = []
                var cursor: Int? = 0
                while let start = cursor {
                    let page = try await scene.store.locks(prefix: "a/", limit: limit, from: start)
                    #expect(page.locks.count <= limit)
                    #expect(page.locks.allSatisfy { $0.tickets.map(\.number) == [0] })
                    found += page.locks.map(\.conversationID.string)
                    cursor = page.next
                }
                #expect(found.sorted() == ids.sorted(), "limit \(limit)")
            }
        },
        LockStoreCase("A listing of nothing is empty, and one without a prefix has all") { scene in
            #expect(try await scene.store.locks(prefix: "", limit: 10, from: 0).locks.isEmpty)
            for id in ["ada", "grace"] { _ = try await scene.issue(id) }
            let page = try await scene.store.locks(prefix: "", limit: 10, from: 0)
            #expect(page.locks.map(\.conversationID.string).sorted() == ["ada", "grace"])
            #expect(page.next == nil)
            #expect(try await scene.store.locks(prefix: "x", limit: 10, from: 0).locks.isEmpty)
        },
    ]
}
