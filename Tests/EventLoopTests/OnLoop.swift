import EventLoop
import Glibc
import Support

/// A value that only the loop's thread touches while the loop runs.
///
/// `@unchecked Sendable` for that reason.
final class OnLoop<Value>: @unchecked Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }
}

extension EventLoop {
    /// Runs `body` on the loop's thread as soon as the condition holds there. Patience is long: nothing waits
    /// for it unless something is broken.
    func until(_ what: String, _ condition: @escaping @Sendable () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !run(condition) {
            guard ContinuousClock.now < deadline else { throw NotYet(description: "not yet: \(what)") }
        }
    }

    /// Lets the loop look at all its descriptors some times.
    func someTurns() async throws {
        for _ in 0..<5 { try await run {} }
    }
}

struct NotYet: Error, CustomStringConvertible {
    let description: String
}

/// A pipe. `@unchecked Sendable`: closed by its one owner, when nobody uses it any more.
final class Pipe: @unchecked Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 else {
            throw NotYet(description: "no pipe")
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func writeByte() {
        var byte: UInt8 = 1
        precondition(write(writeEnd, &byte, 1) == 1)
    }

    /// Reads a byte, if one is there.
    func readByte() {
        var byte: UInt8 = 0
        read(readEnd, &byte, 1)
    }
}

/// An actor on the loop.
actor Resident: LoopActor {
    nonisolated let loop: EventLoop
    private(set) var log: [String] = []
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop) { self.loop = loop }

    func note(_ line: String) { log.append(line) }
    var count: Int { log.count }

    /// A task on the loop.
    @discardableResult
    func start(_ body: @escaping @Sendable (isolated Resident) async -> Void) -> Task<Void, Never> {
        Task { await body(self) }
    }

    /// One job after the other, each queued by the one before, while `step` says so: there is always one.
    /// (`Task.yield()` would not do, it goes by way of another thread.)
    func keepBusy(_ step: @escaping @Sendable () -> Bool) {
        Task { if step() { keepBusy(step) } }
    }
    var isOnLoopThread: Bool { loop.isOnLoopThread }
}
