import Support
import Testing

@testable import EventLoop

@Suite("Event loop: turns", .timeLimit(.minutes(5)))
struct TurnTests {
    @Test(
        "Actions before sleep run after the turn's jobs, in their order; jobs they start run before it waits")
    func beforeSleep() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let resident = Resident(loop: loop)
            let log = OnLoop([String]())
            try await loop.run {
                loop.beforeSleep {
                    guard log.value.last == "job" else { return }
                    log.value.append("first")
                    resident.assumeIsolated {
                        _ = $0.start { _ in log.value.append("started by the first") }
                    }
                }
                loop.beforeSleep { if log.value.last == "first" { log.value.append("second") } }
                resident.assumeIsolated { _ = $0.start { _ in log.value.append("job") } }
                log.value.append("body")
            }
            try await loop.until("all ran") { log.value.count == 5 }
            let order = try await loop.run { log.value }
            #expect(order == ["body", "job", "first", "second", "started by the first"])
        }
    }

    @Test("Actions before sleep run in every turn, also in one without jobs")
    func everyTurn() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let turns = OnLoop(0)
            try await loop.run { loop.beforeSleep { turns.value += 1 } }
            for _ in 0..<3 {
                let before = try await loop.run { turns.value }
                try await loop.until("a turn") { turns.value > before }
            }
        }
    }

    @Test("Turns are measured from their first callback, each once")
    func turnTimes() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let pipe = try Pipe()
            let calls = OnLoop(0)
            let watch = try await loop.run {
                OnLoop(
                    try Watch(pipe.readEnd, on: loop) {
                        pipe.readByte()
                        calls.value += 1
                    })
            }
            for number in 1...5 {
                pipe.writeByte()
                try await loop.until("call \(number)") { calls.value == number }
            }
            try await loop.someTurns()
            let times = try await loop.run { loop.turnTimes }
            #expect(times.counts.reduce(0, +) == 5)
            #expect(times.counts.count == TurnTimes.bounds.count + 1)
            #expect(times.totalNanoseconds > 0)
            try await loop.run { watch.value.stop() }
        }
    }

    @Test("A turn goes into the bucket whose bound it does not exceed")
    func buckets() {
        for (index, bound) in TurnTimes.bounds.enumerated() {
            for (nanoseconds, bucket) in [(bound - 1, index), (bound, index), (bound + 1, index + 1)] {
                var times = TurnTimes()
                times.record(nanoseconds: nanoseconds)
                #expect(times.counts.firstIndex(of: 1) == bucket)
                #expect(times.totalNanoseconds == nanoseconds)
            }
        }
    }

    @Test("Queued jobs take no more room than there are of them, though there is always one")
    func room() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let resident = Resident(loop: loop)
            let room = OnLoop(0)
            let jobs = OnLoop(0)
            try await loop.run {
                resident.assumeIsolated {
                    $0.keepBusy {
                        room.value = max(room.value, loop.jobRoom)
                        jobs.value += 1
                        return jobs.value < 10 * EventLoop.jobsPerTurnMax
                    }
                }
            }
            try await loop.until("all ran") { jobs.value == 10 * EventLoop.jobsPerTurnMax }
            #expect(try await loop.run { room.value } <= 2 * EventLoop.jobsPerTurnMax)
        }
    }
}
