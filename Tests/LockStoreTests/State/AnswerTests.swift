import EventLoop
import LockStore
import Simulator
import Support
import Testing
import TicketLock

@Suite("Answers and a disk that fails or is slow", .timeLimit(.minutes(1)))
struct AnswerTests {
    /// So many tickets that their end does not fit into what is left of the log.
    private static let stormCount = 16_000

    @Test(
        "On a full disk a ticket is withdrawn once for each caller that goes: the other's stays, and is served alone"
    )
    func withdrawnOnce() async throws {
        try await StoredPlay.run(.process) { play in
            play.issue("ada", lifetime: .seconds(3000))
            let leaving = play.acquire("ada", key: "k")
            let staying = play.acquire("ada", key: "k")
            let next = play.acquire("ada")
            for _ in 0..<Self.stormCount { play.issue("ada", lifetime: .seconds(10)) }
            play.disk.faults.isFull = true
            // One of the two hangs up, and in that step all that has expired goes, which cannot be written.
            play.jump(.seconds(10))
            play.hangUp(leaving)
            play.advance(.seconds(5))
            play.disk.faults.isFull = false
            play.advance(.seconds(5))
            play.perform(.finishServing(0, nil), "ada")
            #expect(staying.status?.isLocked == false)
            #expect(next.answer == nil)
        }
    }

    @Test("Who was served while nothing could be written is told so only if that is still true")
    func servedWhileFull() async throws {
        try await StoredPlay.run(.process) { play in
            play.issue("ada", lifetime: .seconds(10))
            let first = play.acquire("ada", lifetime: .seconds(3))
            let second = play.acquire("ada", lifetime: .seconds(300))
            play.storm(Self.stormCount, lifetime: .seconds(10))
            play.disk.faults.isFull = true
            play.advance(.seconds(16))
            #expect(first.answer == nil && second.answer == nil)
            play.disk.faults.isFull = false
            play.advance(.seconds(2))
            #expect(first.refusal == .gone(.expired))
            #expect(second.status?.isLocked == false)
        }
    }

    @Test(
        "A grant that is over when the disk has it at last is not given; one that is not tells the time that is left",
        arguments: ["wait", "acquire", "issue", "extend"])
    func slowSync(how: String) async throws {
        for (lifetime, isOver) in [(Duration.seconds(1), true), (.seconds(9), false)] {
            try await StoredPlay.run(.power) { play in
                let id = ConversationID(how)
                let call: StoredPlay.Call
                switch how {
                case "issue": call = play.perform(.issueTicket(lifetime: lifetime, key: nil), how)
                case "acquire": call = play.acquire(how, lifetime: lifetime)
                case "wait":
                    play.issue(how, lifetime: .seconds(100))
                    play.issue(how, lifetime: lifetime)
                    play.endSyncs()
                    call = play.perform(.wait(1, nil, timeout: .seconds(100)), how)
                    play.perform(.finishServing(0, nil), how)
                default:
                    play.issue(how, lifetime: .seconds(100))
                    play.endSyncs()
                    call = play.perform(.extend(0, nil, lifetime: lifetime), how)
                }
                play.beginSync()
                play.advance(.seconds(4))
                #expect(call.answer == nil)
                play.endSyncs()
                if isOver {
                    #expect(call.refusal == .gone(.expired), "\(id)")
                } else {
                    #expect(call.status.map { $0.expires - play.now } == .seconds(5), "\(id)")
                }
            }
        }
    }

    @Test("A ticket that lives by an extension made during the sync is told of when that is safe, too")
    func extendedDuringSync() async throws {
        try await StoredPlay.run(.power) { play in
            play.issue("ada", lifetime: .seconds(100))
            play.issue("ada", lifetime: .seconds(2))
            play.endSyncs()
            let call = play.perform(.wait(1, nil, timeout: .seconds(100)), "ada")
            play.perform(.finishServing(0, nil), "ada")
            play.beginSync()
            play.advance(.seconds(1))
            play.perform(.extend(1, nil, lifetime: .seconds(50)), "ada")
            play.advance(.seconds(2))
            play.endSyncs()
            #expect(call.answer == nil)
            play.endSyncs()
            #expect(call.status.map { $0.expires - play.now } == .seconds(48))
        }
    }

    @Test("A sync that fails answers nobody before the database has all that it was for")
    func failedSync() async throws {
        try await StoredPlay.run(.power) { play in
            let call = play.perform(.issueTicket(lifetime: .seconds(100), key: nil), "ada")
            play.disk.faults.syncFailure = 1
            play.beginSync()
            play.endSyncs()
            #expect(call.answer == nil)
            #expect(play.perform(.isSomeoneWaiting, "ada").failure == .stateUnwritable)
            play.disk.faults.syncFailure = 0
            play.advance(.seconds(1))
            #expect(call.status?.isLocked == false)
        }
    }

    @Test("On a full disk nobody waits for longer than it wished, however many do")
    func timeoutsWhileFull() async throws {
        try await StoredPlay.run(.process) { play in
            play.issue("ada", lifetime: .seconds(3000))
            play.issue("ada", lifetime: .seconds(3000))
            let calls = (0..<9_000).map { _ in play.perform(.wait(1, nil, timeout: .seconds(20)), "ada") }
            play.storm(Self.stormCount, lifetime: .seconds(10))
            play.disk.faults.isFull = true
            play.advance(.seconds(20) - .nanoseconds(1))
            #expect(calls.allSatisfy { $0.answer == nil })
            play.advance(.nanoseconds(1))
            #expect(calls.allSatisfy { $0.failure == .stateUnwritable })
        }
    }

    @Test(
        "A grant that does not arrive is withdrawn within the answering of others, and nobody is told of it then"
    )
    func withdrawnWithin() async throws {
        try await StoredPlay.run(.process) { play in
            play.issue("ada", lifetime: .seconds(3000))
            play.acquire("ada", key: "k")
            let waiter = play.perform(.wait(1, nil, timeout: .seconds(100)), "ada")
            // It is told before the waiter.
            let gone = play.acquire("ada", key: "k")
            let next = play.acquire("ada")
            gone.onAnswer = {
                for _ in 0..<2 { play.perform(.withdraw(1, gone.status?.token ?? 0), "ada") }
                #expect(next.answer == nil)
            }
            play.perform(.finishServing(0, nil), "ada")
            #expect(waiter.refusal == .gone(.unknown))
            #expect(next.status?.isLocked == false)
        }
    }
}
