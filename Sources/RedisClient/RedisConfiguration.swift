/// How Redis is reached.
package struct RedisConfiguration: Sendable {
    /// Where the server is, or who knows it.
    package enum Server: Sendable, Equatable {
        case address(RedisAddress)
        /// Redis Sentinel: those that watch over the master of that name.
        case sentinels([RedisAddress], master: String)
    }

    package var server: Server
    /// The number of the database that is selected; 0 or more.
    package var database: Int
    /// The ACL user; nil for the default one.
    package var username: String?
    package var password: String?
    /// With the sentinels, if they are to be given something else than the server.
    package var sentinelUsername: String?
    package var sentinelPassword: String?
    /// nil: the connection is not encrypted.
    package var tls: RedisTLS?
    /// The longest that a connection may take to become ready, and that a reply may take to come.
    package var timeout: Duration

    /// How many replicas must have what ``RedisClient/waitForReplicas()`` is called after.
    package var replicasWaitedFor = 0
    /// Reads passwords and certificates anew, before each connection; nil: they stay as they are. Called on a thread
    /// of its own.
    package var reread: (@Sendable () throws(RedisError) -> RedisCredentials)?

    /// The same with other credentials.
    func with(_ credentials: RedisCredentials) -> RedisConfiguration {
        var changed = self
        changed.password = credentials.password
        changed.sentinelPassword = credentials.sentinelPassword
        changed.tls = credentials.tls
        return changed
    }

    package init(
        server: Server, database: Int = 0, username: String? = nil, password: String? = nil,
        tls: RedisTLS? = nil, timeout: Duration = .seconds(10)
    ) {
        self.server = server
        self.database = database
        self.username = username
        self.password = password
        self.tls = tls
        self.timeout = timeout
    }
}
