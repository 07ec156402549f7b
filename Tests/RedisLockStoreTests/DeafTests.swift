import LockStore
import Support
import Testing
import TicketLock

@testable import RedisLockStore

@Suite("The lock store in Redis: a daemon that hears no messages", .serialized, .timeLimit(.minutes(5)))
struct DeafTests {
    enum Fault: CaseIterable {
        case halfOpen, refused, withoutChannel, withoutPublishing, onOldServer
    }

    @Test(
        "Its callers are served in time, it asks no more than twice a second, and it hears again",
        arguments: Fault.allCases)
    func deaf(_ fault: Fault) async throws {
        try await RedisPlay.with { play in
            try await RunningRedis.with { old in
                try await TCPRelay.with(to: fault == .onOldServer ? old.port : play.redis.port) { relay in
                    let store = try await play.harness.makeRedisStore(port: relay.port)
                    let scene = LockStoreScene(play.harness, store)
                    try await Self.begin(fault, play, old, store, relay)
                    _ = try await play.one.issue()
                    var callers: [WaitingCall] = []
                    for _ in 0..<30 { callers.append(try await scene.acquire()) }
                    // In one room, and in one more.
                    _ = try await play.one.issue("grace")
                    let other = try await scene.acquire("grace")

                    try await play.command("CONFIG", "RESETSTAT")
                    try await play.harness.advance(by: .seconds(2))
                    let asked = try await play.calls(of: "evalsha")
                    #expect(asked <= 2 * 5, "\(asked) scripts in 2 s")
                    let began = ContinuousClock.now
                    try await play.one.finish(0)
                    #expect(try await scene.served(callers[0]).number == 1)
                    try await play.one.finish(0, of: "grace")
                    #expect(try await scene.served(other).number == 1)
                    #expect(ContinuousClock.now - began < .seconds(3))
                    #expect(try await play.one.queue()?.count == 30)

                    try await Self.end(fault, play, relay)
                    try await eventually("it hears") { await store.hearsMessages }
                    try await play.one.cleanUp(1)
                    #expect(try await scene.served(callers[1]).number == 2)
                    try await eventually("nobody asks any more") {
                        try await play.command("CONFIG", "RESETSTAT")
                        try await play.harness.advance(by: .seconds(1.5))
                        return try await play.calls(of: "evalsha") == 0
                    }
                    await scene.end()
                }
            }
        }
    }

    private static func begin(
        _ fault: Fault, _ play: RedisPlay, _ old: RunningRedis, _ store: RedisLockStore, _ relay: TCPRelay
    ) async throws {
        switch fault {
        case .halfOpen:
            relay.cut(connection: 1)
            // What comes instead is no better.
            relay.refuse()
            return
        case .refused:
            relay.refuse()
            try await play.command("CLIENT", "KILL", "TYPE", "pubsub")
        case .withoutChannel: try await play.command("ACL", "SETUSER", "default", "resetchannels", "&else")
        case .withoutPublishing: try await play.command("ACL", "SETUSER", "default", "-publish")
        case .onOldServer:
            try relay.lead(to: play.redis.port)
            // Its commands go to the new one, its messages come from the old one.
            try await old.command("CLIENT", "KILL", "TYPE", "normal")
            try await eventually("it is there") {
                try await play.redis.command("CLIENT", "LIST").split(separator: "\n").count {
                    $0.contains("name=ticketlockd")
                } > 2
            }
            return
        }
        try await eventually("it is deaf") { await !store.hearsMessages }
    }

    private static func end(_ fault: Fault, _ play: RedisPlay, _ relay: TCPRelay) async throws {
        switch fault {
        case .halfOpen, .refused, .onOldServer: relay.mend()
        case .withoutChannel: try await play.command("ACL", "SETUSER", "default", "allchannels")
        case .withoutPublishing: try await play.command("ACL", "SETUSER", "default", "+publish")
        }
    }
}
