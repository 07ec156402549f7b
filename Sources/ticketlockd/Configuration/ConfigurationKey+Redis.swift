import RedisClient

extension ConfigurationKey {
    /// The keys about Redis, named as the parameters of Rasa's `RedisLockStore` where it has them.
    static let redis = [
        ConfigurationKey(
            "redis.host", \.redis.host, .host, default: "localhost", "The server's name or IP address."),
        ConfigurationKey(
            "redis.port", \.redis.port, .integer(1...65_535), default: 6379, "The server's port."),
        ConfigurationKey(
            "redis.db", \.redis.database, .integer(0...65_535), default: 1, "The database's number."),
        ConfigurationKey(
            "redis.username", \.redis.username, .optionalText(bytesMax: 128), default: nil, "The ACL user."),
        ConfigurationKey(
            "redis.password_file", \.redis.passwordFile, .optionalPathOrCredential, default: nil,
            "The file or systemd credential that holds the password."),
        ConfigurationKey("redis.use_ssl", \.redis.usesTLS, .boolean, default: false, "Whether to use TLS."),
        ConfigurationKey(
            "redis.ssl_certfile", \.redis.certificateFile, .optionalPath, default: nil,
            "Our own certificate and what leads to one that the server trusts, in PEM."),
        ConfigurationKey(
            "redis.ssl_keyfile", \.redis.keyFile, .optionalPath, default: nil,
            "Our certificate's private key, in PEM, if it is not in the same file."),
        ConfigurationKey(
            "redis.ssl_ca_certs", \.redis.trustFile, .optionalPath, default: nil,
            "Those who may vouch for the server, in PEM; if empty, those the system trusts."),
        ConfigurationKey(
            "redis.key_prefix", \.redis.keyPrefix, .optionalAlphanumeric(bytesMax: 64), default: nil,
            "What the keys begin with, a colon after it."),
        ConfigurationKey(
            "redis.socket_timeout", \.redis.timeout, .seconds(.milliseconds(100) ... .seconds(300)),
            default: .seconds(10), "The longest that connecting and an answer may take."),
        ConfigurationKey(
            "redis.unix_socket", \.redis.unixSocket, .optionalSocketPath, default: nil,
            "The server's Unix socket, instead of host and port."),
        ConfigurationKey(
            "redis.sentinels", \.redis.sentinels, .hostsAndPorts(countMax: 16), default: [],
            "The sentinels that know the server, instead of host and port."),
        ConfigurationKey(
            "redis.sentinel_master", \.redis.sentinelMaster, .optionalMasterName, default: nil,
            "The server's name with the sentinels."),
        ConfigurationKey(
            "redis.sentinel_username", \.redis.sentinelUsername, .optionalText(bytesMax: 128), default: nil,
            "The sentinels' ACL user, if they have a password of their own."),
        ConfigurationKey(
            "redis.sentinel_password_file", \.redis.sentinelPasswordFile, .optionalPathOrCredential,
            default: nil,
            "The file or systemd credential that holds the sentinels' password, if they have one of their own."
        ),
        ConfigurationKey(
            "redis.wait_replicas", \.redis.replicasWaitedFor, .integer(0...16), default: 0,
            "How many replicas must have a ticket before it is told that it is served."),
    ]
}
