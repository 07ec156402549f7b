import EventLoop
import Glibc
import Support
import Testing

@Suite("Event loop: writing and names", .timeLimit(.minutes(5)))
struct ConnectionTests {
    @Test("A watch calls back for a writable descriptor while it is to, and only then")
    func writing() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            var ends: [Int32] = [-1, -1]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            let (near, far) = (ends[0], ends[1])
            defer { for end in [near, far] { close(end) } }
            let calls = OnLoop(0)
            let watch = try await loop.run {
                OnLoop(try Watch(near, on: loop) { calls.value += 1 })
            }
            try await loop.someTurns()
            #expect(try await loop.run { calls.value } == 0)
            try await loop.run { watch.value.awaitsWriting = true }
            try await loop.until("called") { calls.value > 2 }
            try await loop.run {
                watch.value.awaitsWriting = false
                calls.value = 0
            }
            try await loop.someTurns()
            #expect(try await loop.run { calls.value } == 0)
            // It is readable all the same.
            #expect(send(far, "x", 1, 0) == 1)
            try await loop.until("called to read") { calls.value > 0 }
            try await loop.run {
                watch.value.pause()
                watch.value.awaitsWriting = true
                calls.value = 0
            }
            try await loop.someTurns()
            #expect(try await loop.run { calls.value } == 0)
            try await loop.run {
                watch.value.resume()
            }
            try await loop.until("called again") { calls.value > 0 }
            try await loop.run { watch.value.stop() }
        }
    }

    @Test("Actions of a turn's end run once, after the jobs, also those that such an action adds")
    func atEndOfTurn() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let log = OnLoop([String]())
            let resident = Resident(loop: loop)
            try await loop.run {
                loop.atEndOfTurn {
                    log.value.append("action")
                    loop.atEndOfTurn { log.value.append("its action") }
                }
                Task { await resident.note("job") }
                log.value.append("now")
            }
            try await loop.until("all has run") { log.value.count == 3 }
            try await loop.someTurns()
            #expect(try await loop.run { log.value } == ["now", "action", "its action"])
        }
    }

    @Test("A name is looked up, an address is itself", arguments: ["localhost", "127.0.0.1", "::1"])
    func lookUp(host: String) async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let families = OnLoop<[Int32]?>(nil)
            let lookup = try await loop.run {
                OnLoop(
                    try NameLookup(host, port: 1, on: loop) {
                        loop.checkIsolated()
                        families.value = (try? $0.get())?.map(\.family)
                    })
            }
            try await loop.until("found") { families.value != nil }
            let found = try #require(try await loop.run { families.value })
            #expect(!found.isEmpty)
            if host == "127.0.0.1" { #expect(found == [AF_INET]) }
            if host == "::1" { #expect(found == [AF_INET6]) }
            try await loop.run { lookup.value.cancel() }
        }
    }

    @Test("A name that cannot be is told as such; one that is cancelled is not told")
    func noName() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let results = OnLoop([String]())
            try await loop.run {
                _ = try NameLookup("a..b", port: 1, on: loop) { result in
                    if case .failure(let error) = result { results.value.append(error.call) }
                }
                let other = try NameLookup("localhost", port: 1, on: loop) { _ in
                    results.value.append("other")
                }
                other.cancel()
                other.cancel()
            }
            try await loop.until("told") { !results.value.isEmpty }
            try await loop.someTurns()
            #expect(try await loop.run { results.value } == ["getaddrinfo"])
        }
    }

    @Test("A Unix socket's path has at most 107 bytes and no NUL")
    func unixPath() {
        let longest = NetworkAddress.unixPathBytesMax
        #expect(NetworkAddress(unixPath: String(repeating: "x", count: longest))?.family == AF_UNIX)
        for path in [String(repeating: "x", count: longest + 1), "", "a\0b"] {
            #expect(NetworkAddress(unixPath: path) == nil)
        }
    }
}
