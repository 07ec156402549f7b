import HTTPServer
import LockStore
import Logging
import RedisClient
import TicketLock

/// Every setting of the daemon, read once. Made only by `Configuration.load` and `Configuration.defaults`:
/// the values below are blanks which `ConfigurationKey.all`, the one place that knows names, bounds and
/// defaults, fills in.
struct Configuration: Sendable, Equatable {
    /// Where the daemon listens; 1 to 16, no two alike.
    var listen: [ListenAddress] = []
    var store = Store()
    var redis = Redis()
    /// What a client may ask of ticket locks.
    var locks = LockLimits()
    var http = HTTP()
    /// How long all is served but /readyz before an orderly end begins.
    var shutdownDelay: Duration = .zero
    /// How long an orderly end may take before what is left is cut off.
    var shutdownTimeout: Duration = .zero
    var log = Log()

    /// Where ticket locks live.
    struct Store: Sendable, Equatable {
        var type: LockStoreType = .memory
        /// An absolute path; of no effect with another type.
        var stateDirectory: String?
        var durability: StateDurability = .process
    }

    /// How the Redis is reached that the store of that type lives in.
    struct Redis: Sendable, Equatable {
        /// A name or a numeric address, the latter without brackets.
        var host = ""
        var port = 0
        var database = 0
        var username: String?
        /// An absolute path, or the name of a systemd credential.
        var passwordFile: String?
        var usesTLS = false
        /// Absolute paths of files in PEM, as are the next two.
        var certificateFile: String?
        /// Only with `certificateFile`.
        var keyFile: String?
        var trustFile: String?
        /// ASCII letters and digits.
        var keyPrefix: String?
        var timeout: Duration = .zero
        /// An absolute path, instead of `host` and `port`.
        var unixSocket: String?
        /// Instead of `host` and `port`; at most 16, no two alike.
        var sentinels: [RedisAddress] = []
        /// Only with `sentinels`, and always with them.
        var sentinelMaster: String?
        /// Only with `sentinels`, as is the next.
        var sentinelUsername: String?
        /// An absolute path, or the name of a systemd credential.
        var sentinelPasswordFile: String?
        /// Whether there are files that may change.
        var readsFiles: Bool { passwordFile != nil || sentinelPasswordFile != nil || usesTLS }
        /// Replicas that must have a grant before it is answered.
        var replicasWaitedFor = 0
    }

    /// What a client may ask of the HTTP server.
    struct HTTP: Sendable, Equatable {
        /// As configured: see ``limits(connectionsMax:possible:)``.
        var limits = HTTPLimits()
        /// Less than `limits.connectionsMax`; nil: a tenth of it.
        var reservedConnections: Int?
        /// Names, `*.NAME` and `*`; at most 64, no two alike.
        var allowedHosts: [String] = []
        /// Permission bits of a `unix:` listener's socket, at most 0o777.
        var unixSocketMode: UInt32 = 0
    }

    /// What is logged, and how.
    struct Log: Sendable, Equatable {
        var level: Logger.Level = .info
        var format: LogFormat = .text
    }
}
