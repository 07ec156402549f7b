import CUV
import Glibc
import Synchronization

/// The thread everything runs on: a libuv loop that is also a `SerialExecutor`.
///
/// Actors name it as their executor (`unownedExecutor`), so their isolation is this one thread, and going
/// from one of them to another costs nothing. Whatever thread calls ``run()`` becomes the loop's thread.
///
/// A turn of the loop: wait for descriptors and alarms, call what was waiting for them, then run the jobs
/// that came up and the actions set by ``beforeSleep(_:)``, until nothing is left, and wait again.
///
/// It is a `TaskExecutor` too: a task that prefers it stays on the loop also in code that no actor isolates,
/// and is not sent through the runtime's thread pool.
///
/// Public like ``LoopActor``, which says why.
///
/// `@unchecked Sendable`: `inbox` is guarded by `inboxLock`, `thread` and `hasMail` are atomic; all else is
/// touched by the loop's thread only, or before ``run()``.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// Jobs run in one turn before descriptors are looked at again, so that no flood of them starves I/O.
    static let jobsPerTurnMax = 10_000

    let uv: UnsafeMutablePointer<uv_loop_t>
    private let wakeHandle: UnsafeMutablePointer<uv_async_t>
    private let prepareHandle: UnsafeMutablePointer<uv_prepare_t>
    private let idleHandle: UnsafeMutablePointer<uv_idle_t>
    /// libuv's mutex, since the thread sanitizer cannot see into Swift's.
    private let inboxLock: UnsafeMutablePointer<uv_mutex_t>
    private var inbox = Inbox()
    /// Something is in the inbox: spares every turn the lock.
    private let hasMail = Atomic<Bool>(false)
    private let thread = Atomic<UInt>(0)
    private var jobs: [UnownedJob] = []
    private var nextJob = 0
    private var actions: [() -> Void] = []
    private var lastActions: [() -> Void] = []
    private(set) var hasRun = false
    /// Whether there is a loop: what fails while it is made is taken down by ``deinit``, too.
    private var isOpen = false
    private var isIdling = false
    private var turns = TurnTimes()
    private var turnStart: UInt64 = 0

    /// What other threads want run, until the loop's thread takes it.
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var bodies: [@Sendable () -> Void] = []
        var isClosed = false
        var isEmpty: Bool { jobs.isEmpty && bodies.isEmpty }
    }

    /// Throws when the kernel gives no epoll or event descriptor.
    package init() throws(EventLoopError) {
        uv = .allocate(capacity: 1)
        wakeHandle = .allocate(capacity: 1)
        prepareHandle = .allocate(capacity: 1)
        idleHandle = .allocate(capacity: 1)
        inboxLock = .allocate(capacity: 1)
        uv_mutex_init(inboxLock)
        try EventLoopError.check(uv_loop_init(uv), "uv_loop_init")
        // The wake-up itself does nothing: a turn of the loop follows it and takes the inbox.
        let result = uv_async_init(uv, wakeHandle, { _ in })
        if result != 0 { uv_loop_close(uv) }
        try EventLoopError.check(result, "uv_async_init")
        isOpen = true
        uv_prepare_init(uv, prepareHandle)
        uv_idle_init(uv, idleHandle)
        let this = Unmanaged.passUnretained(self).toOpaque()
        prepareHandle.pointee.data = this
        uv_prepare_start(prepareHandle, beforeWaiting)
    }

    deinit {
        if isOpen {
            if !hasRun { closeHandles() }
            uv_loop_close(uv)
        }
        uv.deallocate()
        wakeHandle.deallocate()
        prepareHandle.deallocate()
        idleHandle.deallocate()
        uv_mutex_destroy(inboxLock)
        inboxLock.deallocate()
    }

    /// Runs the loop on the calling thread until ``stop()``; jobs still queued then are run first.
    package func run() {
        thread.store(Self.currentThread, ordering: .releasing)
        uv_run(uv, UV_RUN_DEFAULT)
        hasRun = true
        repeat { finishTurn() } while !closeInbox()
        // They may keep what keeps the loop.
        actions = []
        closeHandles()
    }

    /// Ends ``run()`` after the present turn. From any thread.
    package func stop() {
        submit { [self] in uv_stop(uv) }
    }

    /// Runs `body` on the loop's thread, at the end of the present turn. From any thread.
    package func submit(_ body: @escaping @Sendable () -> Void) {
        put { $0.bodies.append(body) }
    }

    /// Registers an action for the end of every turn, before the loop waits. Loop thread, or before `run()`.
    package func beforeSleep(_ action: @escaping () -> Void) {
        actions.append(action)
    }

    /// Runs `action` once, at the end of the present turn, when the jobs that are ready have run: what they have
    /// to say to one peer goes out in one write. Loop thread.
    package func atEndOfTurn(_ action: @escaping () -> Void) {
        lastActions.append(action)
    }

    /// How long the turns took: what is ready right after one began waits for its end. Loop thread.
    package var turnTimes: TurnTimes { turns }

    /// Marks the first callback of a turn; every callback from libuv calls it first.
    func turnBegins() {
        if turnStart == 0 { turnStart = uv_hrtime() }
    }

    // MARK: SerialExecutor

    /// Runs a job in this turn of the loop, or wakes it for one.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnLoopThread {
            jobs.append(job)
            return
        }
        put { $0.jobs.append(job) }
    }

    private func put(_ add: (inout Inbox) -> Void) {
        withInbox { inbox in
            // After the end nothing runs any more; kept, it would keep the loop that keeps it.
            guard !inbox.isClosed else { return }
            let wasEmpty = inbox.isEmpty
            add(&inbox)
            hasMail.store(true, ordering: .releasing)
            // Under the lock, so that the handle cannot be closed in between.
            if wasEmpty { uv_async_send(wakeHandle) }
        }
    }

    private func withInbox<Value>(_ body: (inout Inbox) -> Value) -> Value {
        uv_mutex_lock(inboxLock)
        defer { uv_mutex_unlock(inboxLock) }
        return body(&inbox)
    }

    /// The loop as the executor of its actors.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Lets `assumeIsolated` and `Task.immediate` know the loop's thread for what it is (SE-0471).
    public func isIsolatingCurrentContext() -> Bool? { isOnLoopThread }

    /// Traps on any thread but the loop's.
    public func checkIsolated() {
        precondition(isOnLoopThread, "this must run on the event loop's thread")
    }

    /// Whether the calling thread is the loop's.
    public var isOnLoopThread: Bool { thread.load(ordering: .relaxed) == Self.currentThread }

    private static var currentThread: UInt { UInt(pthread_self()) }

    // MARK: A turn

    /// Runs jobs and end-of-turn actions until both are done, or the turn's share of jobs is used up.
    fileprivate func finishTurn() {
        var budget = Self.jobsPerTurnMax
        repeat {
            takeInbox()
            runJobs(&budget)
            for action in actions { action() }
            runLastActions()
        } while isUnfinished && budget > 0
        if turnStart != 0 {
            turns.record(nanoseconds: uv_hrtime() - turnStart)
            turnStart = 0
        }
        setIdling(isUnfinished)
    }

    private var hasJobs: Bool { nextJob < jobs.count }
    private var isUnfinished: Bool { hasJobs || !lastActions.isEmpty }

    private func runLastActions() {
        guard !lastActions.isEmpty else { return }
        let actions = lastActions
        lastActions = []
        for action in actions { action() }
    }

    /// Queued jobs, and those that have run and still take room.
    var jobRoom: Int { jobs.count }

    private func takeInbox() {
        guard hasMail.load(ordering: .acquiring) else { return }
        let bodies = withInbox { inbox in
            hasMail.store(false, ordering: .relaxed)
            jobs.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: true)
            defer { inbox.bodies = [] }
            return inbox.bodies
        }
        for body in bodies { body() }
    }

    private func run(_ job: UnownedJob) {
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }

    private func runJobs(_ budget: inout Int) {
        while hasJobs && budget > 0 {
            let job = jobs[nextJob]
            nextJob += 1
            budget -= 1
            run(job)
        }
        if hasJobs {
            // Those that have run make room, or a queue that is never empty would grow for ever.
            jobs.removeFirst(nextJob)
        } else {
            jobs.removeAll(keepingCapacity: true)
        }
        nextJob = 0
    }

    /// While jobs are left over, an idle handle keeps libuv from waiting for descriptors.
    private func setIdling(_ idling: Bool) {
        guard idling != isIdling else { return }
        isIdling = idling
        if idling { uv_idle_start(idleHandle, { _ in }) } else { uv_idle_stop(idleHandle) }
    }

    /// Takes no more from other threads; false when something is still to be run.
    private func closeInbox() -> Bool {
        guard !isUnfinished else { return false }
        return withInbox { inbox in
            inbox.isClosed = inbox.isEmpty
            return inbox.isClosed
        }
    }
}

private func beforeWaiting(_ handle: UnsafeMutablePointer<uv_prepare_t>?) {
    guard let data = handle?.pointee.data else { return }
    Unmanaged<EventLoop>.fromOpaque(data).takeUnretainedValue().finishTurn()
}
