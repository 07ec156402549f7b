import EventLoop
import Glibc
import Support
import Testing

@Suite("Event loop: watches and signals", .timeLimit(.minutes(5)))
struct WatchTests {
    @Test("A watch calls back while its descriptor is readable, not while it is paused, not once stopped")
    func pipe() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let pipe = try Pipe()
            let calls = OnLoop(0)
            let watch = try await loop.run {
                OnLoop(
                    try Watch(pipe.readEnd, on: loop) {
                        loop.checkIsolated()
                        pipe.readByte()
                        calls.value += 1
                    })
            }
            try await loop.someTurns()
            #expect(try await loop.run { calls.value } == 0)
            pipe.writeByte()
            try await loop.until("called") { calls.value == 1 }

            try await loop.run { watch.value.pause() }
            pipe.writeByte()
            try await loop.someTurns()
            #expect(try await loop.run { calls.value } == 1)
            try await loop.run { watch.value.resume() }
            try await loop.until("called again") { calls.value == 2 }

            try await loop.run {
                watch.value.stop()
                watch.value.stop()
                watch.value.resume()
            }
            pipe.writeByte()
            try await loop.someTurns()
            #expect(try await loop.run { calls.value } == 2)
        }
    }

    @Test("What is left unread is called back for again")
    func levelTriggered() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let pipe = try Pipe()
            for _ in 0..<3 { pipe.writeByte() }
            let calls = OnLoop(0)
            let watch = try await loop.run {
                OnLoop(
                    try Watch(pipe.readEnd, on: loop) {
                        pipe.readByte()
                        calls.value += 1
                    })
            }
            try await loop.until("called for every byte") { calls.value == 3 }
            try await loop.someTurns()
            #expect(try await loop.run { calls.value } == 3)
            try await loop.run { watch.value.stop() }
        }
    }

    @Test("A watch may be stopped and dropped in its own callback, and is freed")
    func stopInCallback() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let pipe = try Pipe()
            pipe.writeByte()
            let calls = OnLoop(0)
            let kept = OnLoop<Watch?>(nil)
            let left = OnLoop(WeakWatch())
            try await loop.run {
                kept.value = try Watch(pipe.readEnd, on: loop) {
                    calls.value += 1
                    kept.value?.stop()
                    kept.value = nil
                }
                left.value.watch = kept.value
            }
            try await loop.until("freed") { left.value.watch == nil }
            #expect(try await loop.run { calls.value } == 1)
        }
    }

    @Test("A watch nobody stopped ends with the loop, and is freed")
    func endsWithLoop() async throws {
        let thread = try LoopThread()
        let loop = thread.loop
        let pipe = try Pipe()
        let left = OnLoop(WeakWatch())
        let kept = try await loop.run {
            let watch = try Watch(pipe.readEnd, on: loop) {}
            left.value.watch = watch
            return OnLoop<Watch?>(watch)
        }
        thread.stop()
        // Its owner may still see to it.
        kept.value?.pause()
        kept.value?.stop()
        kept.value = nil
        #expect(left.value.watch == nil)
    }

    @Test("A descriptor that cannot be polled is refused with the call and the reason")
    func regularFile() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            await #expect {
                _ = try await loop.run { OnLoop(try Watch(descriptor, on: loop) {}) }
            } throws: {
                ($0 as? EventLoopError)?.call == "uv_poll_init"
            }
        }
    }

    @Test("Signals call back on the loop's thread, each its own")
    func signals() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let arrived = OnLoop([Int32]())
            let watches = try await loop.run {
                OnLoop(
                    try [SIGUSR1, SIGUSR2].map { number in
                        try Signal(number, on: loop) {
                            loop.checkIsolated()
                            arrived.value.append(number)
                        }
                    })
            }
            for (index, number) in [SIGUSR2, SIGUSR1, SIGUSR1].enumerated() {
                kill(getpid(), number)
                try await loop.until("signal \(number)") { arrived.value.count == index + 1 }
            }
            #expect(try await loop.run { arrived.value } == [SIGUSR2, SIGUSR1, SIGUSR1])
            try await loop.run {
                for watch in watches.value {
                    watch.stop()
                    watch.stop()
                }
            }
        }
    }
}

private struct WeakWatch {
    weak var watch: Watch?
}
