import EventLoop
import Glibc

/// Reads the files anew that prove who we are, on a thread of its own, and calls back on the loop's.
///
/// `@unchecked Sendable`: `done` is called on the loop's thread only; the thread has nothing but `read`.
final class CredentialsRead: @unchecked Sendable {
    typealias Outcome = Result<RedisCredentials, RedisError>

    private let read: @Sendable () throws(RedisError) -> RedisCredentials
    private let loop: EventLoop
    private var done: ((Outcome) -> Void)?

    /// - Parameter done: called once, not from within this call, unless there can be no thread.
    static func begin(
        _ read: @escaping @Sendable () throws(RedisError) -> RedisCredentials, on loop: EventLoop,
        done: @escaping (Outcome) -> Void
    ) {
        let reading = CredentialsRead(read, loop, done)
        let context = Unmanaged.passRetained(reading)
        var thread = pthread_t()
        guard pthread_create(&thread, nil, readCredentials, context.toOpaque()) == 0 else {
            context.release()
            return done(.failure(RedisError(.unavailable, "there can be no thread to read the credentials")))
        }
        pthread_detach(thread)
    }

    private init(
        _ read: @escaping @Sendable () throws(RedisError) -> RedisCredentials, _ loop: EventLoop,
        _ done: @escaping (Outcome) -> Void
    ) {
        self.read = read
        self.loop = loop
        self.done = done
    }

    fileprivate func run() {
        let outcome: Outcome
        do throws(RedisError) { outcome = .success(try read()) } catch { outcome = .failure(error) }
        loop.submit {
            let done = self.done
            self.done = nil
            done?(outcome)
        }
    }
}

/// Releases what `CredentialsRead.begin` retained.
private func readCredentials(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<CredentialsRead>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
