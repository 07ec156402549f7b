import RedisClient

/// A configuration that was read, and where each of its values came from.
struct LoadedConfiguration: Sendable, Equatable {
    let configuration: Configuration
    /// By the key's name, for every key that some source set, even to its default.
    let sources: [String: ConfigurationSource]
    /// Variables that begin like ours and are Kubernetes', in order.
    var ignoredVariables: [String] = []

    /// The configuration as YAML which reads back to the same value: every key with its explanation, and for
    /// each that was set the source as a comment. Ends in a newline. This is what `--print-config` prints.
    var yaml: String {
        var text = ""
        var section: String?
        for key in ConfigurationKey.all {
            let (keySection, leaf) = key.sectionAndLeaf
            if keySection != section, let keySection { text += "\n\(keySection):\n" }
            if keySection == nil, !text.isEmpty { text += "\n" }
            section = keySection
            let indent = keySection == nil ? "" : "    "
            let source = sources[key.name].map { "  # \($0)" } ?? ""
            text += "\(indent)# \(key.explanation)\n"
            text += "\(indent)# Allowed: \(key.allowed)\(key.isReloadable ? "; read again on SIGHUP" : "").\n"
            text += "\(indent)\(leaf): \(key.yaml(configuration))\(source)\n"
        }
        return text
    }
}

extension LoadedConfiguration {
    /// How Redis is reached, with what the files hold that the settings name. Reads files, so call it before the
    /// loop runs, or off it. Throws what is wrong with any of them.
    ///
    /// - Parameters:
    ///   - credentialsDirectory: where systemd has put the service's credentials (`CREDENTIALS_DIRECTORY`).
    ///   - readFile: gives a file's bytes; the daemon passes `ConfigurationFileReader.read`.
    func redis(
        credentialsDirectory: String?,
        readFile: @escaping @Sendable (String) throws(ConfigurationProblem) -> [UInt8] =
            ConfigurationFileReader.read
    ) throws(ConfigurationErrors) -> RedisConfiguration {
        let settings = configuration.redis
        var result = RedisConfiguration(
            server: Self.server(settings), database: settings.database, username: settings.username,
            timeout: settings.timeout)
        result.sentinelUsername = settings.sentinelUsername
        result.replicasWaitedFor = settings.replicasWaitedFor
        let credentials = try credentials(credentialsDirectory, readFile)
        result.password = credentials.password
        result.sentinelPassword = credentials.sentinelPassword
        result.tls = credentials.tls
        if settings.passwordFile != nil || settings.sentinelPasswordFile != nil || settings.usesTLS {
            result.reread = { () throws(RedisError) in
                do throws(ConfigurationErrors) {
                    return try self.credentials(credentialsDirectory, readFile)
                } catch {
                    throw RedisError(.unavailable, "\(error)")
                }
            }
        }
        return result
    }

    /// What the files hold that the settings name; all that is wrong with any of them at once.
    private func credentials(
        _ credentialsDirectory: String?, _ readFile: (String) throws(ConfigurationProblem) -> [UInt8]
    ) throws(ConfigurationErrors) -> RedisCredentials {
        let settings = configuration.redis
        var result = RedisCredentials()
        var errors: [ConfigurationError] = []
        func password(_ key: String, _ file: String?) -> String? {
            guard let file else { return nil }
            do throws(ConfigurationProblem) {
                return try Self.password(file, credentialsDirectory, readFile)
            } catch {
                errors.append(unreadable(key, "\(QuotedText.shown(file)) \(error.text)"))
                return nil
            }
        }
        result.password = password("redis.password_file", settings.passwordFile)
        result.sentinelPassword = password("redis.sentinel_password_file", settings.sentinelPasswordFile)
        if settings.usesTLS {
            do throws(RedisError) {
                result.tls = try RedisTLS(
                    trustFile: settings.trustFile, certificateFile: settings.certificateFile,
                    keyFile: settings.keyFile)
            } catch {
                errors.append(unreadable("redis.use_ssl", error.detail))
            }
        }
        guard errors.isEmpty else { throw ConfigurationErrors(errors: errors) }
        return result
    }

    private static func server(_ settings: Configuration.Redis) -> RedisConfiguration.Server {
        if let path = settings.unixSocket { return .address(.unix(path: path)) }
        if let master = settings.sentinelMaster { return .sentinels(settings.sentinels, master: master) }
        return .address(.tcp(host: settings.host, port: UInt16(settings.port)))
    }

    /// The text of the file, without the line feed at its end.
    private static func password(
        _ name: String, _ credentialsDirectory: String?,
        _ readFile: (String) throws(ConfigurationProblem) -> [UInt8]
    ) throws(ConfigurationProblem) -> String {
        var path = name
        if !name.hasPrefix("/") {
            guard let credentialsDirectory else {
                throw ConfigurationProblem("is no credential: systemd has given none (CREDENTIALS_DIRECTORY)")
            }
            path = credentialsDirectory + "/" + name
        }
        guard var text = String(validating: try readFile(path), as: UTF8.self) else {
            throw ConfigurationProblem("is not valid UTF-8")
        }
        // A carriage return and a line feed are one character.
        if text.last?.isNewline == true { text.removeLast() }
        guard !text.isEmpty else { throw ConfigurationProblem("is empty") }
        return text
    }

    private func unreadable(_ key: String, _ detail: String) -> ConfigurationError {
        ConfigurationError(
            code: .unreadableFile, key: key, detail: detail, source: sources[key] ?? .builtIn)
    }
}
