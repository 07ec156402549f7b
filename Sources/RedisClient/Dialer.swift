import EventLoop
import Glibc

/// Opens a connected, nonblocking socket: looks the name up and tries each of its addresses in turn, none for so
/// long that no time is left for the others. Loop thread only; ``cancel()`` it before dropping it unanswered.
final class Dialer {
    /// A socket, which is the callee's from then on, or why there is none.
    typealias Done = (Result<(descriptor: Int32, peer: NetworkAddress), RedisError>) -> Void

    private let address: RedisAddress
    private let loop: EventLoop
    private let deadline: Int64
    private var done: Done?
    private var alarm: Alarm?
    private var lookup: NameLookup?
    private var candidates: [NetworkAddress] = []
    private var attempt: (descriptor: Int32, watch: Watch, peer: NetworkAddress)?
    /// Why the last address did not answer.
    private var problem: String

    /// - Parameters:
    ///   - peer: what the name stands for, if that is not to be looked up.
    ///   - deadline: on ``Alarm``'s clock.
    ///   - done: called once, not from within this call.
    init(
        to address: RedisAddress, at peer: NetworkAddress? = nil, by deadline: Int64, on loop: EventLoop,
        done: @escaping Done
    ) throws(EventLoopError) {
        self.address = address
        self.loop = loop
        self.deadline = deadline
        self.done = done
        problem = "no answer in time"
        alarm = try Alarm(on: loop) { [unowned self] in timePassed() }
        if let peer {
            candidates = [peer]
            alarm?.set(0)
            return
        }
        switch address {
        case .tcp(let host, let port):
            alarm?.set(deadline)
            do throws(EventLoopError) {
                lookup = try NameLookup(host, port: port, on: loop) { [unowned self] in found($0) }
            } catch {
                alarm?.stop()
                throw error
            }
        case .unix(let path):
            if let address = NetworkAddress(unixPath: path) { candidates = [address] }
            problem = "a path has 1 to \(NetworkAddress.unixPathBytesMax) bytes"
            alarm?.set(0)
        }
    }

    func cancel() {
        done = nil
        lookup?.cancel()
        lookup = nil
        alarm?.stop()
        alarm = nil
        endAttempt()
    }

    private func found(_ result: Result<[NetworkAddress], EventLoopError>) {
        lookup = nil
        switch result {
        case .success(let addresses):
            candidates = addresses.reversed()
            tryNext()
        case .failure(let error): finish(.failure(unavailable(error.reason)))
        }
    }

    private func timePassed() {
        if attempt != nil { problem = "no answer in time" }
        endAttempt()
        tryNext()
    }

    private func tryNext() {
        while let candidate = candidates.popLast() {
            if begin(candidate) { return }
        }
        finish(.failure(unavailable(problem)))
    }

    /// Begins to connect; false if that has failed at once.
    private func begin(_ candidate: NetworkAddress) -> Bool {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(candidate.family, type, 0)
        guard descriptor >= 0 else { return fail(errno) }
        let result = candidate.connect(descriptor)
        guard result == 0 || errno == EINPROGRESS else {
            defer { close(descriptor) }
            return fail(errno)
        }
        do throws(EventLoopError) {
            let watch = try Watch(descriptor, on: loop) { [unowned self] in connected() }
            watch.awaitsWriting = true
            attempt = (descriptor, watch, candidate)
        } catch {
            close(descriptor)
            problem = error.description
            return false
        }
        let now = Alarm.now
        alarm?.set(now + max(0, deadline - now) / Int64(candidates.count + 1))
        return true
    }

    private func connected() {
        guard let attempt else { return }
        var error: Int32 = 0
        var length = socklen_t(4)
        getsockopt(attempt.descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        guard error == 0 else {
            _ = fail(error)
            endAttempt()
            return tryNext()
        }
        attempt.watch.stop()
        self.attempt = nil
        setOptions(attempt.descriptor)
        finish(.success((attempt.descriptor, attempt.peer)))
    }

    /// Small commands leave at once; a peer that has vanished is noticed also when nothing is sent to it.
    private func setOptions(_ descriptor: Int32) {
        guard case .tcp = address else { return }
        let tcp = Int32(IPPROTO_TCP)
        for (level, option, value) in [
            (tcp, TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, TCP_KEEPIDLE, 15),
            (tcp, TCP_KEEPINTVL, 5), (tcp, TCP_KEEPCNT, 3),
        ] {
            var value = Int32(value)
            setsockopt(descriptor, level, option, &value, 4)
        }
    }

    private func finish(_ result: Result<(descriptor: Int32, peer: NetworkAddress), RedisError>) {
        let done = done
        cancel()
        done?(result)
    }

    private func endAttempt() {
        guard let attempt else { return }
        attempt.watch.stop()
        close(attempt.descriptor)
        self.attempt = nil
    }

    private func fail(_ code: Int32) -> Bool {
        problem = String(cString: strerror(code))
        return false
    }

    private func unavailable(_ reason: String) -> RedisError {
        RedisError(.unavailable, "cannot connect to \(address): \(reason)")
    }
}
