import CUV
import Glibc

/// Looks up the addresses of a host by `getaddrinfo`, on a thread of libuv's, and calls back once on the loop's.
///
/// Made and cancelled on the loop's thread. The end of the loop waits for a look-up that is under way.
package final class NameLookup {
    private let request: UnsafeMutablePointer<uv_getaddrinfo_t>
    private let loop: EventLoop
    private var action: ((Result<[NetworkAddress], EventLoopError>) -> Void)?

    /// - Parameters:
    ///   - host: a name, or a numeric IPv4 or IPv6 address without brackets.
    ///   - action: gets at least one address, in the order the system would have them tried in; or why there is
    ///     none. Not called after ``cancel()``.
    package init(
        _ host: String, port: UInt16, on loop: EventLoop,
        action: @escaping (Result<[NetworkAddress], EventLoopError>) -> Void
    ) throws(EventLoopError) {
        self.loop = loop
        self.action = action
        request = .allocate(capacity: 1)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        // The request holds its look-up until it has been answered.
        request.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let result = uv_getaddrinfo(loop.uv, request, namesAreThere, host, String(port), &hints)
        do {
            try EventLoopError.check(result, "uv_getaddrinfo")
        } catch {
            Unmanaged.passUnretained(self).release()
            request.deallocate()
            throw error
        }
    }

    /// Calls back no more. A second call, or one after the answer, does nothing.
    package func cancel() {
        guard action != nil else { return }
        action = nil
        UnsafeMutableRawPointer(request).withMemoryRebound(to: uv_req_t.self, capacity: 1) { request in
            // It fails for a look-up that a thread is busy with, whose answer is then dropped.
            _ = uv_cancel(request)
        }
    }

    fileprivate func answered(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
        loop.turnBegins()
        var addresses: [NetworkAddress] = []
        var next = list
        while let info = next?.pointee {
            if let address = info.ai_addr { addresses.append(NetworkAddress(address, info.ai_addrlen)) }
            next = info.ai_next
        }
        uv_freeaddrinfo(list)
        request.deallocate()
        // After the loop's end nobody is there to go on with it.
        guard let action, !loop.hasRun else { return }
        self.action = nil
        do throws(EventLoopError) {
            try EventLoopError.check(status, "getaddrinfo")
            action(.success(addresses))
        } catch {
            action(.failure(error))
        }
    }
}

/// Releases what `NameLookup.init` retained.
private func namesAreThere(
    _ request: UnsafeMutablePointer<uv_getaddrinfo_t>?, _ status: Int32,
    _ list: UnsafeMutablePointer<addrinfo>?
) {
    guard let data = request?.pointee.data else { return }
    Unmanaged<NameLookup>.fromOpaque(data).takeRetainedValue().answered(status, list)
}
