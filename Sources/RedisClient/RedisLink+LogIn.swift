extension RedisLink {
    /// What every connection begins with, in one round trip: who we are, which database, and whether what
    /// answers is a master that is able to serve.
    func logIn() {
        if purpose == .sentinel || purpose == .announcements { return greetSentinel() }
        var steps: [(command: [String], check: (RedisReply) -> RedisError?)] = []
        if let authentication { steps.append((authentication, Self.isNoError)) }
        // For the eyes of whoever lists the clients; a user who may not set it goes without.
        steps.append((["CLIENT", "SETNAME", "ticketlockd"], { _ in nil }))
        if purpose == .commands, configuration.database != 0 {
            steps.append((["SELECT", String(configuration.database)], Self.isNoError))
        }
        steps.append((["ROLE"], { [address] in Self.isMaster($0, address) }))
        // Fails while Redis loads its data, or cannot save what it is told.
        steps.append((["PING"], Self.isNoError))
        let bytes = steps.flatMap { RedisCommand($0.command).bytes }
        let checks = steps.map(\.check)
        put(bytes, replies: steps.count) { [weak self] result in
            guard let self, !isEnded else { return }
            switch result {
            case .failure: return
            case .success(let replies):
                for (reply, check) in zip(replies, checks) {
                    if let error = check(reply) { return end(error) }
                }
                becomeReady()
            }
        }
    }

    private var authentication: [String]? {
        configuration.password.map { ["AUTH"] + (configuration.username.map { [$0] } ?? []) + [$0] }
    }

    /// Sentinels often have no password where the server has one: it is given to those that ask for it, unless they
    /// have one of their own.
    private func greetSentinel() {
        if let password = configuration.sentinelPassword {
            let user = configuration.sentinelUsername.map { [$0] } ?? []
            return authenticate(with: ["AUTH"] + user + [password])
        }
        put(RedisCommand(["PING"]).bytes, replies: 1) { [weak self] result in
            guard let self, !isEnded, case .success(let replies) = result else { return }
            guard let error = Self.isNoError(replies[0]) else { return becomeReady() }
            guard error.word == "NOAUTH", let authentication else { return end(error) }
            authenticate(with: authentication)
        }
    }

    private func authenticate(with command: [String]) {
        put(RedisCommand(command).bytes, replies: 1) { [weak self] result in
            guard let self, !isEnded, case .success(let replies) = result else { return }
            if let error = Self.isNoError(replies[0]) { end(error) } else { becomeReady() }
        }
    }

    private static func isNoError(_ reply: RedisReply) -> RedisError? {
        guard case .error(let message) = reply else { return nil }
        return RedisError(reply: message)
    }

    /// A user who may not ask for the role is told by the first write.
    private static func isMaster(_ reply: RedisReply, _ address: RedisAddress) -> RedisError? {
        if case .error(let message) = reply {
            return message.hasPrefix("NOPERM ") ? nil : RedisError(reply: message)
        }
        guard let role = reply.elements?.first?.text, role != "master" else { return nil }
        return RedisError(reply: "READONLY \(address) is no master but a \(role)")
    }
}
