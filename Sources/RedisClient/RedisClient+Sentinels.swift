import EventLoop

extension RedisClient {
    /// Where sentinels announce a fail-over.
    private static let channel = "+switch-master"

    /// Listens to one of the sentinels, if there are any. A master that has been replaced goes on answering for
    /// some seconds, at an ordered fail-over for eight, and all that it is told then is lost.
    func watchSentinels() throws(EventLoopError) {
        guard case .sentinels = configuration.server else { return }
        announcements = try makeLink(for: .announcements) { $0.announcementsEvent($1) }
        announcements?.start()
    }

    private func announcementsEvent(_ event: KeptLink.Event) {
        switch event {
        case .ready:
            announcements?.ready?.send(RedisCommand(["SUBSCRIBE", Self.channel]).bytes, replies: 1) {
                [unowned self] in
                if case .success = $0 { onLoop { $0.verifyMaster() } }
            }
        case .message(_, let payload): announced(String(decoding: payload, as: UTF8.self))
        // Another sentinel is listened to next; there is nothing to be done meanwhile.
        case .lost, .failed: break
        }
    }

    /// Takes `NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`.
    private func announced(_ text: String) {
        let parts = text.split(separator: " ")
        guard case .sentinels(_, let name) = configuration.server, parts.count == 5, parts[0] == name,
            let port = UInt16(parts[4])
        else { return }
        follow(.tcp(host: String(parts[3]), port: port))
    }

    /// Asks for the master, since an announcement may have been missed.
    private func verifyMaster() {
        guard case .sentinels(let sentinels, let name) = configuration.server, search == nil else { return }
        let current = announcements?.current ?? configuration
        search = MasterSearch(for: name, among: sentinels, current, on: loop) { [unowned self] result in
            onLoop {
                $0.search = nil
                if case .success(let address) = result { $0.follow(address) }
            }
        }
        search?.start()
    }

    private func follow(_ master: RedisAddress) {
        // One that is being searched for is found without our doing.
        guard let commands, commands.ready != nil else { return }
        commands.follow(master)
    }
}
