import Glibc
import Synchronization

@testable import ticketlockd

/// An output of log lines that keeps them, and that can be held up.
final class RecordingOutput: Sendable {
    private let text = Mutex("")
    private let isHeldUp: Bool
    private let entered = Semaphore()
    private let released = Semaphore()

    init(heldUp: Bool = false) { isHeldUp = heldUp }

    /// All that was written so far.
    var written: String { text.withLock { $0 } }

    /// Writes, after `release` if the output is held up.
    func write(_ bytes: UnsafeRawBufferPointer) {
        if isHeldUp {
            entered.signal()
            released.wait()
        }
        text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
    }

    /// Waits until a writer stands before the held-up output.
    func waitForWriter() { entered.wait() }

    /// Lets so many writes through.
    func release(_ count: Int) {
        for _ in 0..<count { released.signal() }
    }
}

/// A counting semaphore. `@unchecked Sendable`: sem_t is made for use from many threads.
final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0, errno == EINTR {}
    }
}

/// 2026-11-21T12:40:29.123Z
let fixedTime = WallTime(seconds: 1_795_264_829, milliseconds: 123)
