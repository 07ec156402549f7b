import CUV

/// Calls back whenever a descriptor is readable, and while it ``awaitsWriting`` writable, until it is stopped.
///
/// A descriptor in error (`EPOLLERR`) is called back for once, whatever is awaited, and no more before
/// ``resume()``: its owner finds the error by using it.
///
/// Made, used and stopped on the loop's thread. The descriptor stays its owner's, who stops the watch
/// before closing it.
package final class Watch {
    private let handle: UnsafeMutablePointer<uv_poll_t>
    private let loop: EventLoop
    private let action: () -> Void
    private var isStopped = false
    private var isPaused = false
    /// Whether it has called back for the last time, for an error of the descriptor.
    package private(set) var hasFailed = false
    /// Whether it calls back for a writable descriptor too: only while there is something to write, since most
    /// are writable at all times.
    package var awaitsWriting = false {
        didSet {
            if awaitsWriting != oldValue, !isPaused { resume() }
        }
    }

    /// Throws when the descriptor cannot be polled (a regular file, say).
    package init(_ descriptor: Int32, on loop: EventLoop, action: @escaping () -> Void) throws(EventLoopError)
    {
        self.loop = loop
        self.action = action
        handle = .allocate(capacity: 1)
        do {
            try EventLoopError.check(uv_poll_init(loop.uv, handle, descriptor), "uv_poll_init")
        } catch {
            handle.deallocate()
            throw error
        }
        // The handle holds its watch until it is closed, since libuv may still call back before that.
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        resume()
    }

    /// Calls back no more until ``resume()``.
    package func pause() {
        guard !isStopped else { return }
        isPaused = true
        uv_poll_stop(handle)
    }

    package func resume() {
        guard !isStopped else { return }
        isPaused = false
        hasFailed = false
        let events = UV_READABLE.rawValue | (awaitsWriting ? UV_WRITABLE.rawValue : 0)
        uv_poll_start(handle, Int32(events), watchIsReady)
    }

    /// Ends the watch for good; a second call does nothing.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        uv_poll_stop(handle)
        UnsafeMutableRawPointer(handle).withMemoryRebound(to: uv_handle_t.self, capacity: 1) { handle in
            uv_close(handle, watchIsClosed)
        }
    }

    /// The watch that a handle of its kind belongs to.
    static func of(_ handle: UnsafeMutablePointer<uv_handle_t>) -> Watch? {
        handle.pointee.data.map { Unmanaged<Watch>.fromOpaque($0).takeUnretainedValue() }
    }

    fileprivate func isReady(_ status: Int32) {
        if status < 0 { hasFailed = true }
        loop.turnBegins()
        action()
    }
}

private func watchIsReady(_ handle: UnsafeMutablePointer<uv_poll_t>?, _ status: Int32, _ events: Int32) {
    guard let data = handle?.pointee.data else { return }
    Unmanaged<Watch>.fromOpaque(data).takeUnretainedValue().isReady(status)
}

/// Releases what `Watch.init` retained.
private func watchIsClosed(_ handle: UnsafeMutablePointer<uv_handle_t>?) {
    guard let handle, let data = handle.pointee.data else { return }
    Unmanaged<Watch>.fromOpaque(data).release()
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_poll_t.self).deallocate()
}
