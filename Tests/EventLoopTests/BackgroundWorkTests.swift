import Dispatch
import Glibc
import Support
import Testing

@testable import EventLoop

@Suite("Work in the background")
struct BackgroundWorkTests {
    @Test("Work runs off the loop's thread, and what came of it arrives on the loop's")
    func result() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let results = OnLoop([Bool]())
            try await loop.run {
                loop.inBackground({ loop.isOnLoopThread }) { wasOnLoop in
                    loop.checkIsolated()
                    results.value.append(wasOnLoop)
                }
            }
            try await loop.until("the work is done") { !results.value.isEmpty }
            #expect(try await loop.run { results.value } == [false])
        }
    }

    @Test("The loop goes on while work blocks")
    func blocking() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let mayEnd = DispatchSemaphore(value: 0)
            let isDone = OnLoop(false)
            try await loop.run { loop.inBackground({ mayEnd.wait() }) { isDone.value = true } }
            try await loop.someTurns()
            #expect(try await loop.run { !isDone.value })
            mayEnd.signal()
            try await loop.until("the work is done") { isDone.value }
        }
    }

    @Test("Once the threads have been started, no work needs another")
    func threads() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            try await loop.run { loop.startBackgroundThreads() }
            let names = OnLoop(Set<UInt>())
            let count = OnLoop(0)
            try await loop.run {
                for _ in 0..<100 {
                    loop.inBackground({ UInt(pthread_self()) }) {
                        names.value.insert($0)
                        count.value += 1
                    }
                }
            }
            try await loop.until("all is done") { count.value == 100 }
            // libuv's own number, unless UV_THREADPOOL_SIZE says otherwise.
            #expect(try await loop.run { names.value.count } <= 4)
        }
    }

    @Test("The end of the loop waits for work under way, of which nobody hears any more")
    func end() async throws {
        let isDone = OnLoop(false)
        let mayEnd = DispatchSemaphore(value: 0)
        let hasEnded = DispatchSemaphore(value: 0)
        try await LoopThread.with { thread in
            let loop = thread.loop
            try await loop.run {
                loop.inBackground({
                    mayEnd.wait()
                    hasEnded.signal()
                }) { isDone.value = true }
                loop.stop()
            }
            mayEnd.signal()
        }
        #expect(hasEnded.wait(timeout: .now()) == .success)
        #expect(!isDone.value)
    }
}
