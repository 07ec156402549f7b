import EventLoop
import Foundation
import Glibc
import Support
import Synchronization
import Testing

@testable import LockStore

@Suite("The thread that waits for the disk", .timeLimit(.minutes(1)))
struct DiskSyncTests {
    @Test("No signal ends it: every sync that was begun comes to its end")
    func signals() async throws {
        try await withTemporaryFolder { folder in
            let thread = try LoopThread()
            defer { thread.stop() }
            let path = folder.appending(path: "file").path
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            let ended = DispatchSemaphore(value: 0)
            let sync = try #require(DiskSync(descriptor, on: thread.loop) { _ in ended.signal() })
            // A handler that lets a system call end with EINTR.
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in }
            sigaction(SIGUSR2, &action, nil)
            for _ in 0..<20 {
                pthread_kill(sync.thread, SIGUSR2)
                usleep(1_000)
                sync.begin()
                #expect(ended.wait(timeout: .now() + 10) == .success)
            }
        }
    }
}
