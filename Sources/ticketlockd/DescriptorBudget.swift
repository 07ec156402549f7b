import Glibc

/// How many connections the file descriptors are enough for that this process may open.
enum DescriptorBudget {
    /// Kept for what the daemon opens after the count: timers, signals, the disk's thread, /proc, two connections to
    /// Redis that are made anew, looking up its name, the configuration.
    static let reserve = 64
    /// Connections above the limit, which are accepted to be told that there are too many, or are being closed.
    static let refusedConnections = 64
    /// Connections that share one epoll descriptor.
    static let connectionsPerShard = 256

    /// The most connections, if `open` of the `allowed` descriptors are open already; 0 if there are not enough for
    /// one.
    static func connectionsMax(allowed: Int, open: Int) -> Int {
        let left = max(0, allowed - open - reserve)
        let accepted = left / (connectionsPerShard + 1) * connectionsPerShard
        // The last shard is not full, and needs its descriptor too.
        let rest = max(0, left % (connectionsPerShard + 1) - 1)
        return max(0, accepted + rest - refusedConnections)
    }

    /// Lets the process open as many descriptors as it may. Returns how many that is.
    static func raiseLimit() -> Int {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        // Neither fails for a limit that exists.
        guard getrlimit(files, &limit) == 0 else { return .max }
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
        getrlimit(files, &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// The descriptors that are open, those that were inherited too; at the start they have low numbers.
    static func openCount() -> Int {
        (0..<Int32(4096)).count { fcntl($0, F_GETFD) >= 0 }
    }
}
