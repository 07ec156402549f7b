import Glibc

/// Lines on their way out: bounded, with one thread that writes them, so that no caller ever waits for the
/// output. When it is full, further lines are dropped and counted until the thread has taken what is there;
/// then one line says how many. The thread lives until `close`.
///
/// `@unchecked Sendable`: every `var` below is read and written only while `mutex` is held.
final class LogQueue: @unchecked Sendable {
    /// Writes bytes out, all or as many as can be; called on the writer's thread only, and may block.
    typealias Output = @Sendable (UnsafeRawBufferPointer) -> Void

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Signalled when there is something to write, or the end.
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Signalled when all is written.
    private let drained = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let bytesMax: Int
    private let output: Output
    private let droppedLine: @Sendable (Int) -> String

    private var pending: [UInt8] = []
    private var dropped = 0
    private var isWriting = false
    private var isClosed = false

    /// Starts the writer's thread. `bytesMax` bounds what waits to be written, and as much again may be in
    /// the writer's hands. `droppedLine` makes the line about lines that were lost.
    init(
        bytesMax: Int = 1_048_576, output: @escaping Output, droppedLine: @escaping @Sendable (Int) -> String
    ) throws(LogThreadError) {
        self.bytesMax = bytesMax
        self.output = output
        self.droppedLine = droppedLine
        pthread_mutex_init(mutex, nil)
        for condition in [filled, drained] {
            var attributes = pthread_condattr_t()
            pthread_condattr_init(&attributes)
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            pthread_cond_init(condition, &attributes)
            pthread_condattr_destroy(&attributes)
        }
        try startWriter()
    }

    deinit {
        for condition in [filled, drained] {
            pthread_cond_destroy(condition)
            condition.deallocate()
        }
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Appends a line, or drops and counts it. Never waits for the output.
    func enqueue(_ line: String) {
        locked {
            guard !isClosed else { return }
            // Once a line is lost the later ones are too, until the gap can be told in its place.
            if dropped == 0, pending.count + line.utf8.count <= bytesMax {
                pending += line.utf8
            } else {
                dropped += 1
            }
            if !isWriting { pthread_cond_signal(filled) }
        }
    }

    /// Waits until everything is written, at most for `timeout`; whether it is. Blocks: only for the end of
    /// the process, and never on the writer's thread.
    func flush(timeout: Duration) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        return locked {
            while !pending.isEmpty || isWriting || dropped > 0 {
                if pthread_cond_timedwait(drained, mutex, &deadline) == ETIMEDOUT {
                    return false
                }
            }
            return true
        }
    }

    /// Refuses further lines and lets the writer's thread end once it has written what is there.
    func close() {
        locked {
            isClosed = true
            pthread_cond_signal(filled)
        }
    }

    /// The writer's thread: takes all that waits, writes it without the lock, and again, until closed and
    /// empty.
    fileprivate func write() {
        while let batch = take() {
            batch.withUnsafeBytes(output)
            locked {
                isWriting = false
                if pending.isEmpty, dropped == 0 { pthread_cond_broadcast(drained) }
            }
        }
    }

    /// Waits for something to write; nil at the end.
    private func take() -> [UInt8]? {
        locked {
            while pending.isEmpty, dropped == 0 {
                if isClosed { return nil }
                pthread_cond_wait(filled, mutex)
            }
            var batch = pending
            pending = []
            // All lines that were lost came after those of this batch.
            if dropped > 0 { batch += droppedLine(dropped).utf8 }
            dropped = 0
            isWriting = true
            return batch
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    private func startWriter() throws(LogThreadError) {
        // Signals are for the thread that runs the loop.
        var every = sigset_t()
        var before = sigset_t()
        sigfillset(&every)
        pthread_sigmask(SIG_SETMASK, &every, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let retained = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runWriter, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            throw LogThreadError(code: code)
        }
        pthread_detach(thread)
    }
}

/// The writer's thread. Owns the reference to its queue that `startWriter` retained.
private func runWriter(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { preconditionFailure("the writer was started without its queue") }
    Unmanaged<LogQueue>.fromOpaque(context).takeRetainedValue().write()
    return nil
}
