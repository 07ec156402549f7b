import CUV

/// Calls back on the loop's thread when the process gets a signal, instead of the signal's own effect.
///
/// Made, used and stopped on the loop's thread.
package final class Signal {
    private let handle: UnsafeMutablePointer<uv_signal_t>
    private let loop: EventLoop
    private let action: () -> Void
    private var isStopped = false

    /// - Parameter number: as in `SIGTERM`.
    package init(_ number: Int32, on loop: EventLoop, action: @escaping () -> Void) throws(EventLoopError) {
        self.loop = loop
        self.action = action
        handle = .allocate(capacity: 1)
        do throws(EventLoopError) {
            try EventLoopError.check(uv_signal_init(loop.uv, handle), "uv_signal_init")
        } catch {
            handle.deallocate()
            throw error
        }
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        do throws(EventLoopError) {
            try EventLoopError.check(uv_signal_start(handle, signalArrived, number), "uv_signal_start")
        } catch {
            stop()
            throw error
        }
    }

    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        uv_signal_stop(handle)
        UnsafeMutableRawPointer(handle).withMemoryRebound(to: uv_handle_t.self, capacity: 1) { handle in
            uv_close(handle, signalIsClosed)
        }
    }

    /// The signal that a handle of its kind belongs to.
    static func of(_ handle: UnsafeMutablePointer<uv_handle_t>) -> Signal? {
        handle.pointee.data.map { Unmanaged<Signal>.fromOpaque($0).takeUnretainedValue() }
    }

    fileprivate func arrived() {
        loop.turnBegins()
        action()
    }
}

private func signalArrived(_ handle: UnsafeMutablePointer<uv_signal_t>?, _ number: Int32) {
    guard let data = handle?.pointee.data else { return }
    Unmanaged<Signal>.fromOpaque(data).takeUnretainedValue().arrived()
}

/// Releases what `Signal.init` retained.
private func signalIsClosed(_ handle: UnsafeMutablePointer<uv_handle_t>?) {
    guard let handle, let data = handle.pointee.data else { return }
    Unmanaged<Signal>.fromOpaque(data).release()
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_signal_t.self).deallocate()
}
