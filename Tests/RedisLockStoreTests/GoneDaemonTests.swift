import LockStore
import Support
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The lock store in Redis: daemons that are gone", .serialized, .timeLimit(.minutes(5)))
struct GoneDaemonTests {
    @Test(
        "However many callers of gone daemons stand ahead, the next living one is served within three seconds"
    )
    func manyDead() async throws {
        try await RedisPlay.with(4) { play in
            let holder = try await play.one.issue()
            for number in 0..<24 { _ = try await play.scenes[1 + number % 3].acquire() }
            let caller = try await play.one.acquire()
            // Nothing more comes from them, as after kill -9.
            for scene in play.scenes.dropFirst() { await scene.redisStore.stop() }
            let began = ContinuousClock.now
            try await play.one.finish(holder.number)
            #expect(try await play.one.served(caller).number == 25)
            #expect(ContinuousClock.now - began < .seconds(3))
            #expect(try await play.one.queue() == [25])
        }
    }

    @Test("A daemon that dies when its caller has been called costs as little")
    func calledAndDead() async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            for _ in 0..<8 { _ = try await play.two.acquire() }
            let caller = try await play.one.acquire()
            // It is deaf to what it is called by, and gone before it asks.
            try await play.command("CLIENT", "PAUSE", "300", "WRITE")
            let finish = Task { try await play.one.finish(0) }
            await play.two.redisStore.stop()
            let began = ContinuousClock.now
            _ = try await finish.value
            #expect(try await play.one.served(caller).number == 9)
            #expect(ContinuousClock.now - began < .seconds(4))
        }
    }

    @Test("More callers of a gone daemon than one step drops are all dropped")
    func bounded() async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            let gone = play.two.redisStore
            let calls = (0..<LockScripts.unheardMax + 50).map { _ in
                Task {
                    try? await gone.acquire(
                        for: ConversationID("ada"), lifetime: .seconds(60), timeout: .seconds(600), key: nil)
                }
            }
            try await eventually("all are queued") {
                try await play.one.waiting().waiting == calls.count
            }
            let caller = try await play.one.acquire()
            await gone.stop()
            let began = ContinuousClock.now
            try await play.one.finish(0)
            #expect(Int(try await play.one.served(caller).number) == calls.count + 1)
            #expect(ContinuousClock.now - began < .seconds(4))
            for call in calls { call.cancel() }
        }
    }

    @Test("A caller with a key keeps its place though its daemon is gone, and comes back elsewhere with it")
    func keyed() async throws {
        try await RedisPlay.with(3) { play in
            _ = try await play.one.issue()
            _ = try await play.two.acquire()
            _ = try await play.two.acquire(key: "k")
            let caller = try await play.one.acquire()
            await play.two.redisStore.stop()
            try await play.one.finish(0)
            // The one without a key goes; the one with it has not come back for longer than a look takes.
            try await eventually("the first is gone") { try await play.one.queue() == [2, 3] }
            try await play.harness.advance(by: .seconds(2))
            #expect(try await play.one.queue() == [2, 3] && caller.isWaiting)
            #expect(try await play.scenes[2].served(try await play.scenes[2].acquire(key: "k")).number == 2)
            try await play.one.finish(2)
            #expect(try await play.one.served(caller).number == 3)
        }
    }

    @Test("A daemon that comes back within a second keeps its callers' places")
    func back() async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            let first = try await play.two.acquire()
            let second = try await play.one.acquire()
            try await play.command("CLIENT", "KILL", "TYPE", "normal")
            try await play.command("CLIENT", "KILL", "TYPE", "pubsub")
            try await eventually("it is back") { try await errorCode { try await play.one.finish(0) } == nil }
            let served = try await play.two.served(first)
            #expect(served.number == 1)
            try await play.one.finish(1)
            #expect(try await play.one.served(second).number == 2)
        }
    }

    @Test(
        "A daemon that looks alive and asks for nothing loses its callers together, once it had time to come back"
    )
    func hung() async throws {
        try await RedisPlay.with(timeout: .seconds(1)) { play in
            try await TCPRelay.with(to: play.redis.port) { relay in
                let hung = try await play.scene(through: relay)
                _ = try await play.one.issue()
                for _ in 0..<4 { _ = try await hung.acquire() }
                let caller = try await play.one.acquire()
                relay.cut()
                let began = ContinuousClock.now
                try await play.one.finish(0)
                #expect(try await play.one.served(caller).number == 5)
                let waited = ContinuousClock.now - began
                #expect(waited > .seconds(3.5) && waited < .seconds(7), "\(waited)")
                relay.mend()
                await hung.end()
            }
        }
    }

    @Test("A ticket whose taking was never answered holds up nobody when it is called")
    func stray() async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            let store = play.two.redisStore
            // Taken at a daemon that is there, by nobody who waits.
            let home = await store.home
            let order = Order(isAcquire: true, lifetime: .seconds(60), timeout: .seconds(600), key: nil)
            #expect(try await store.take(order, for: ConversationID("ada")).get().status.number == 1)
            #expect(try await play.value().contains(home))
            let caller = try await play.one.acquire()
            let began = ContinuousClock.now
            try await play.one.finish(0)
            #expect(try await play.one.served(caller).number == 2)
            #expect(ContinuousClock.now - began < .seconds(4))
        }
    }

    @Test("Callers sent away by a daemon that ends keep their places until they come back elsewhere")
    func sentAway() async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            let caller = try await play.two.acquire(lifetime: 600)
            await play.two.store.shutDown()
            guard case .shuttingDown(let ticket?) = try await play.two.refusal(caller) else {
                Issue.record("it was not sent away")
                return
            }
            await play.two.redisStore.stop()
            try await play.one.finish(0)
            try await play.harness.advance(by: .seconds(2))
            // Whoever is told that it is served has its lifetime from then on.
            let served = try await play.one.served(
                try await play.one.wait(ticket.number, token: ticket.token))
            let left = served.expires - play.one.redisStore.present
            #expect(left > .seconds(550) && left <= .seconds(600))
        }
    }

    @Test(
        "Whoever is told that it is served has its lifetime from then on, by whatever operation",
        arguments: ["wait", "extend", "acquire", "check"])
    func lifetimes(operation: String) async throws {
        try await RedisPlay.with(2) { play in
            _ = try await play.one.issue()
            let key = operation == "acquire" ? "k" : nil
            let caller = try await play.two.acquire(lifetime: 600, key: key)
            if operation == "check" {
                try await play.one.finish(0)
                let left = try await play.two.served(caller).expires - play.one.redisStore.present
                #expect(left > .seconds(550))
                return
            }
            await play.two.store.shutDown()
            await play.two.redisStore.stop()
            try await play.one.finish(0)
            let told =
                switch operation {
                case "wait": try await play.one.status(1)
                case "extend": try await play.one.extend(1, by: 600)
                default: try await play.one.served(try await play.one.acquire(lifetime: 600, key: "k"))
                }
            #expect(told.number == 1 && !told.isLocked)
            #expect(told.expires - play.one.redisStore.present > .seconds(550))
            try await play.harness.advance(by: .seconds(6))
            #expect(try await play.one.queue() == [1])
        }
    }
}
