import Glibc
import HTTPServer

/// Opens the sockets the configuration asks for, or takes those that systemd has passed.
enum Listeners {
    /// - Parameter passed: sockets from systemd. When there are any and `listen` does not ask for them, they
    ///   stand in for all of `listen`, so that one unit file works with and without a socket unit.
    static func open(_ configuration: Configuration, passed: [Int32]) throws(StartError) -> [Listener] {
        var listeners: [Listener] = []
        let asksForPassed = configuration.listen.contains(.systemd)
        let wanted = passed.isEmpty || asksForPassed ? configuration.listen : [.systemd]
        do throws(HTTPServerError) {
            for address in wanted {
                switch address {
                case .ipv4(let host, let port), .ipv6(let host, let port):
                    listeners.append(try .ip(host: host, port: port))
                case .unix(let path):
                    let mode = mode_t(configuration.http.unixSocketMode)
                    listeners.append(try .unix(path: path, mode: mode))
                case .systemd:
                    for descriptor in passed { listeners.append(try .inherited(descriptor)) }
                }
            }
        } catch {
            for listener in listeners { listener.close() }
            throw StartError(error)
        }
        if passed.isEmpty && asksForPassed {
            for listener in listeners { listener.close() }
            throw StartError(
                "listen has \"systemd\", but systemd has passed no sockets; is ticketlockd.socket active?",
                status: EX_UNAVAILABLE)
        }
        return listeners
    }
}
