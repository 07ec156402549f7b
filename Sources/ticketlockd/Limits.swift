import Glibc
import HTTPServer
import LockAPI

extension Configuration.HTTP {
    /// What the HTTP server is to keep to.
    ///
    /// - Parameters:
    ///   - connectionsMax: what the descriptors are enough for, at most what is configured.
    ///   - possible: how many connections they would be enough for.
    func limits(connectionsMax: Int, possible: Int) -> HTTPLimits {
        var limits = limits
        limits.connectionsMax = connectionsMax
        limits.connectionsReserved = reservedConnections ?? connectionsMax / 10
        limits.lingeringMax = min(256, DescriptorBudget.refusedConnections + possible - connectionsMax)
        return limits
    }

    /// As the API takes them. The machine's name is asked for anew each time, since it may change.
    var hostRules: HostRules { HostRules(allowed: allowedHosts, machineName: Self.machineName) }

    private static var machineName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
