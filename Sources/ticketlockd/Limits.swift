import Glibc
import HTTPServer
import LockAPI
import TicketLock

extension Configuration.Locks {
    /// As the lock table takes them.
    var limits: LockLimits {
        var limits = LockLimits()
        limits.defaultLifetime = defaultLifetime
        limits.maxLifetime = maxLifetime
        limits.maxWait = maxWait
        limits.defaultWait = defaultWait
        limits.conversationIDBytesMax = conversationIDBytesMax
        limits.idempotencyKeyBytesMax = idempotencyKeyBytesMax
        limits.locksMax = locksMax
        limits.ticketsPerLockMax = ticketsPerLockMax
        limits.numberRetention = numberRetention
        limits.retainedNumbersMax = retainedNumbersMax
        return limits
    }
}

extension Configuration.HTTP {
    /// As the HTTP server takes them.
    ///
    /// - Parameters:
    ///   - connectionsMax: what the descriptors are enough for, at most what is configured.
    ///   - possible: how many connections they would be enough for.
    func limits(connectionsMax: Int, possible: Int) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.bodyBytesMax = bodyBytesMax
        limits.headerBytesMax = headerBytesMax
        limits.connectionsMax = connectionsMax
        limits.connectionsPerAddressMax = connectionsPerIPMax
        limits.lingeringMax = min(256, DescriptorBudget.refusedConnections + possible - connectionsMax)
        limits.connectionsReserved = reservedConnections ?? connectionsMax / 10
        limits.idleTimeout = idleTimeout
        limits.requestTimeout = requestTimeout
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
