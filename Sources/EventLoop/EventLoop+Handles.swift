import CUV

extension EventLoop {
    /// Closes all handles; watches and signals that nobody stopped are told, and let go.
    func closeHandles() {
        uv_walk(
            uv,
            { handle, _ in
                guard let handle, uv_is_closing(handle) == 0 else { return }
                switch uv_handle_get_type(handle) {
                case UV_POLL: Watch.of(handle)?.stop()
                case UV_SIGNAL: Signal.of(handle)?.stop()
                default: uv_close(handle, nil)
                }
            }, nil)
        // More than once when the loop was told to stop more than once.
        while uv_loop_alive(uv) != 0 { uv_run(uv, UV_RUN_DEFAULT) }
    }
}
