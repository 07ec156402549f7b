import Support
import Testing

@testable import EventLoop

@Suite("Event loop: jobs", .timeLimit(.minutes(5)))
struct JobTests {
    @Test("Bodies submitted by other threads run on the loop's thread, each thread's in their order")
    func submitFromThreads() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let seen = OnLoop([Int: [Int]]())
            await withTaskGroup { group in
                for submitter in 0..<4 {
                    group.addTask {
                        for number in 0..<1_000 {
                            loop.submit {
                                loop.checkIsolated()
                                seen.value[submitter, default: []].append(number)
                            }
                        }
                    }
                }
            }
            let all = try await loop.run { seen.value }
            #expect(all.count == 4)
            for numbers in all.values { #expect(numbers == Array(0..<1_000)) }
        }
    }

    @Test("A body submitted on the loop's thread runs after what is running, in the order of submitting")
    func submitOnLoop() async throws {
        try await LoopThread.with { thread in
            let log = OnLoop([Int]())
            let loop = thread.loop
            try await loop.run {
                for number in 1...3 { loop.submit { log.value.append(number) } }
                log.value.append(0)
            }
            try await loop.until("all ran") { log.value.count == 4 }
            #expect(try await loop.run { log.value } == [0, 1, 2, 3])
        }
    }

    @Test("An actor on the loop runs on its thread, whoever calls it, and loses no call")
    func actorCalls() async throws {
        try await LoopThread.with { thread in
            let resident = Resident(loop: thread.loop)
            #expect(await resident.isOnLoopThread)
            #expect(!thread.loop.isOnLoopThread)
            await withTaskGroup { group in
                for caller in 0..<8 {
                    group.addTask { for _ in 0..<500 { await resident.note("\(caller)") } }
                }
            }
            #expect(await resident.count == 4_000)
        }
    }

    @Test("Task.immediate in an actor on the loop, and from one such actor to another, runs without a hop")
    func immediate() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let (first, second) = (Resident(loop: loop), Resident(loop: loop))
            let order = try await loop.run {
                #expect(loop.isIsolatingCurrentContext() == true)
                let order = OnLoop([String]())
                first.assumeIsolated { first in
                    order.value.append("before")
                    Task.immediate {
                        first.note("inside")
                        order.value.append("inside")
                        await second.note("other")
                        order.value.append("back")
                    }
                    order.value.append("after")
                }
                return order
            }
            #expect(loop.isIsolatingCurrentContext() == false)
            #expect(try await loop.run { order.value } == ["before", "inside", "back", "after"])
            #expect(await second.log == ["other"])
        }
    }

    @Test("A task of startTask comes back from a continuation on the loop, by way of no other thread")
    func startTask() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let (first, second) = (Resident(loop: loop), Resident(loop: loop))
            let parked = OnLoop(CheckedContinuation<Void, Never>?.none)
            try await loop.run {
                first.onLoop {
                    $0.startTask { first in
                        await second.note("before")
                        await withCheckedContinuation { parked.value = $0 }
                        first.note("after")
                    }
                }
            }
            try await loop.until("it is parked") { parked.value != nil }
            let queued = try await loop.run {
                let queued = loop.jobRoom
                parked.value?.resume()
                return loop.jobRoom - queued
            }
            #expect(queued == 1)
            try await loop.until("it goes on") { first.assumeIsolated { $0.log } == ["after"] }
            #expect(await second.log == ["before"])
        }
    }

    @Test("Jobs run in the order they came in")
    func order() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let resident = Resident(loop: loop)
            let tasks = try await loop.run {
                resident.assumeIsolated { resident in
                    (0..<100).map { number in resident.start { $0.note("\(number)") } }
                }
            }
            for task in tasks { await task.value }
            #expect(await resident.log == (0..<100).map { "\($0)" })
        }
    }

    @Test("More jobs than a turn takes do not keep the loop from its descriptors")
    func starvation() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let resident = Resident(loop: loop)
            let pipe = try Pipe()
            let isDone = OnLoop(false)
            let jobs = OnLoop(0)
            let watch = try await loop.run {
                OnLoop(
                    try Watch(pipe.readEnd, on: loop) {
                        pipe.readByte()
                        isDone.value = true
                    })
            }
            // It ends only when the watch is called while there is always one more job to run.
            try await loop.run {
                pipe.writeByte()
                resident.assumeIsolated {
                    $0.keepBusy {
                        jobs.value += 1
                        return !isDone.value && jobs.value < 100 * EventLoop.jobsPerTurnMax
                    }
                }
            }
            try await loop.until("the watch is called") { isDone.value }
            #expect(try await loop.run { jobs.value } <= 3 * EventLoop.jobsPerTurnMax)
            try await loop.run { watch.value.stop() }
        }
    }

    @Test("Stopping runs what is queued first, however much it is", arguments: [1, 10_000, 10_001, 45_000])
    func stopRunsJobs(count: Int) async throws {
        let thread = try LoopThread()
        let loop = thread.loop
        let resident = Resident(loop: loop)
        let ran = OnLoop(0)
        try await loop.run {
            loop.stop()
            resident.assumeIsolated { resident in
                for _ in 0..<count { resident.start { _ in ran.value += 1 } }
            }
        }
        thread.stop()
        #expect(ran.value == count)
    }

    @Test("Stopping runs what the queued bodies submit, too")
    func stopRunsBodies() async throws {
        let thread = try LoopThread()
        let loop = thread.loop
        let ran = OnLoop([Int]())
        try await loop.run {
            loop.stop()
            loop.submit {
                ran.value.append(0)
                loop.submit {
                    ran.value.append(1)
                    loop.submit { ran.value.append(2) }
                }
            }
        }
        thread.stop()
        #expect(ran.value == [0, 1, 2])
    }

    @Test("A loop may be stopped before it runs, and what was submitted before is run")
    func stopBeforeRun() throws {
        let loop = try EventLoop()
        let ran = OnLoop(false)
        loop.submit { ran.value = true }
        loop.stop()
        loop.run()
        #expect(ran.value)
    }
}
