/// What we prove with who we are, and whom we trust: what files hold that are changed in the course of time.
package struct RedisCredentials: Sendable {
    package var password: String?
    package var sentinelPassword: String?
    package var tls: RedisTLS?

    package init(password: String? = nil, sentinelPassword: String? = nil, tls: RedisTLS? = nil) {
        self.password = password
        self.sentinelPassword = sentinelPassword
        self.tls = tls
    }
}
