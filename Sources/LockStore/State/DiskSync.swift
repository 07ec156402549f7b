import EventLoop
import Glibc

/// A thread that waits for the disk, so that the loop does not. One order at a time.
final class DiskSync: BackgroundSync {
    /// The end of a pipe that orders go into. The thread ends with it.
    private let orders: Int32

    /// - Parameters:
    ///   - descriptor: of the file that is made safe; from now on the thread's, which closes it.
    ///   - done: called on the loop's thread after each order, with 0 or what went wrong.
    init?(_ descriptor: Int32, on loop: EventLoop, done: @escaping @Sendable (Int32) -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            close(descriptor)
            return nil
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        orders = ends[1]
        let worker = Worker(orders: ends[0], descriptor: descriptor, loop: loop, done: done)
        let context = Unmanaged.passRetained(worker)
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runWorker, context.toOpaque()) == 0 else {
            context.release()
            return nil
        }
        pthread_detach(thread)
    }

    deinit { close(orders) }

    /// Lets the thread make safe what was written up to now.
    func begin() {
        var order: UInt8 = 1
        // The pipe holds one order at most.
        _ = write(orders, &order, 1)
    }
}

/// What the thread has. It goes when the thread ends.
private final class Worker: Sendable {
    private let orders: Int32
    private let descriptor: Int32
    private let loop: EventLoop
    private let done: @Sendable (Int32) -> Void

    init(orders: Int32, descriptor: Int32, loop: EventLoop, done: @escaping @Sendable (Int32) -> Void) {
        self.orders = orders
        self.descriptor = descriptor
        self.loop = loop
        self.done = done
    }

    deinit {
        close(orders)
        close(descriptor)
    }

    func run() {
        var order: UInt8 = 0
        while read(orders, &order, 1) == 1 {
            let result = fdatasync(descriptor) == 0 ? 0 : errno
            loop.submit { [done] in done(result) }
        }
    }
}

private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
