import EventLoop
import Glibc
import Synchronization

/// A thread that waits for the disk, so that the loop does not. One order at a time.
final class DiskSync: BackgroundSync {
    private let orders: Orders
    let thread: pthread_t

    /// - Parameters:
    ///   - descriptor: of the file that is made safe; from now on the thread's, which closes it.
    ///   - done: called on the loop's thread after each order, with 0 or what went wrong.
    init?(_ descriptor: Int32, on loop: EventLoop, done: @escaping @Sendable (Int32) -> Void) {
        orders = Orders()
        let worker = Worker(orders: orders, descriptor: descriptor, loop: loop, done: done)
        let context = Unmanaged.passRetained(worker)
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runWorker, context.toOpaque()) == 0 else {
            context.release()
            return nil
        }
        pthread_detach(thread)
        self.thread = thread
    }

    deinit { orders.end() }

    func begin() { orders.give() }
}

/// What the loop asks of the thread. It has no descriptor that could fail, and no signal ends the thread that waits
/// for it: every order is carried out.
///
/// `@unchecked Sendable`: the semaphore and the flag are for several threads.
private final class Orders: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private let isEnded = Atomic<Bool>(false)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func give() {
        let result = sem_post(semaphore)
        precondition(result == 0, "more orders than there can be")
    }

    func end() {
        isEnded.store(true, ordering: .releasing)
        give()
    }

    /// Waits for the next one; false when there will be none.
    func take() -> Bool {
        while sem_wait(semaphore) != 0 { precondition(errno == EINTR, "the semaphore is gone") }
        return !isEnded.load(ordering: .acquiring)
    }
}

/// What the thread has. It goes when the thread ends.
private final class Worker: Sendable {
    private let orders: Orders
    private let descriptor: Int32
    private let loop: EventLoop
    private let done: @Sendable (Int32) -> Void

    init(orders: Orders, descriptor: Int32, loop: EventLoop, done: @escaping @Sendable (Int32) -> Void) {
        self.orders = orders
        self.descriptor = descriptor
        self.loop = loop
        self.done = done
    }

    deinit { close(descriptor) }

    func run() {
        while orders.take() {
            let result = fdatasync(descriptor) == 0 ? 0 : errno
            loop.submit { [done] in done(result) }
        }
    }
}

private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
