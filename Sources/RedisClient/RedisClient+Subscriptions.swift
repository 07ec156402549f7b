import EventLoop

extension RedisClient {
    /// Subscribes to a channel; returns when Redis has confirmed it, at once for one that is subscribed to.
    ///
    /// It holds until ``unsubscribe(_:)``: when its connection is lost it is renewed by itself, which
    /// ``observe(message:state:)`` tells. Throws when Redis refuses it or there is no connection; the channel is
    /// then not subscribed to, unless it was before.
    package func subscribe(_ channel: RedisName) async throws(RedisError) {
        try startSubscriber()
        guard subscriptions.count < Subscriptions.channelsMax else {
            throw RedisError(
                .unavailable, "more than \(Subscriptions.channelsMax) channels are subscribed to")
        }
        try await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Void, RedisError>, Never>) in
            if let request = subscriptions.add(channel, { continuation.resume(returning: $0) }) {
                send(request, for: channel)
            }
        }.get()
    }

    /// Ends a subscription; one that is not there changes nothing. Those who wait for it fail.
    package func unsubscribe(_ channel: RedisName) {
        guard let waiters = subscriptions.remove(channel) else { return }
        for waiter in waiters { waiter(.failure(RedisError(.unavailable, "the subscription was ended"))) }
        subscriber?.ready?.send(RedisCommand(["UNSUBSCRIBE", channel.string]).bytes, replies: 1) { _ in }
    }

    /// The connection for messages follows the one for commands to another server.
    func followCommands() {
        guard let link = commands?.ready, let peer = link.peer else { return }
        subscriber?.follow(link.address, at: peer)
    }

    func startSubscriber() throws(RedisError) {
        guard isReady else { throw unavailable }
        if let subscriber {
            guard !subscriber.isResting else {
                throw RedisError(.unavailable, "there is no connection for messages from Redis")
            }
            return
        }
        do throws(EventLoopError) {
            subscriber = try makeLink(for: .subscriptions) { $0.subscriberEvent($1) }
        } catch {
            throw RedisError(.unavailable, error.description)
        }
        // Which begins to connect.
        followCommands()
    }

    /// Asks for a channel, if there is a connection; otherwise that is done when there is one.
    func send(_ request: Subscriptions.Request, for channel: RedisName) {
        guard let link = subscriber?.ready else { return }
        link.send(RedisCommand(["SUBSCRIBE", channel.string]).bytes, replies: 1) { [unowned self] result in
            onLoop { $0.answered(request, for: channel, result) }
        }
    }

    private func answered(
        _ request: Subscriptions.Request, for channel: RedisName, _ result: Result<[RedisReply], RedisError>
    ) {
        switch result {
        case .failure(let error):
            for waiter in subscriptions.refuse(request, for: channel) { waiter(.failure(error)) }
        case .success(let replies):
            if case .error(let message) = replies[0] {
                let error = RedisError(reply: message)
                for waiter in subscriptions.refuse(request, for: channel) { waiter(.failure(error)) }
            } else {
                for waiter in subscriptions.confirm(request, for: channel) { waiter(.success(())) }
            }
        }
        tellOfMessages()
        if channel == echo?.channel { subscribedToSelf(result) }
    }

    private func subscriberEvent(_ event: KeptLink.Event) {
        switch event {
        case .ready:
            for (channel, request) in subscriptions.requests { send(request, for: channel) }
            listenToSelf()
        case .message(let channel, let payload):
            if channel == echo?.channel { heard(payload) }
            onMessage(channel, payload)
        case .lost(let error):
            loseSubscriptions(error)
            loseMessages(error)
        case .failed(let error, _):
            loseSubscriptions(error)
            loseMessages(error)
        }
    }

    /// Tells when messages come in that did not: all that was subscribed to is again, and we hear ourselves.
    func tellOfMessages() {
        guard messagesComeIn != true, subscriptions.areRenewed, echo?.isHeard ?? true else { return }
        messagesComeIn = true
        log(.subscriptionsRenewed)
        onState(.subscriptionsRenewed)
    }

    /// Tells when messages come in no more.
    func loseMessages(_ error: RedisError) {
        echo?.isHeard = false
        guard messagesComeIn != false else { return }
        messagesComeIn = false
        log(.subscriptionsLost(error))
        onState(.subscriptionsLost)
    }

    private func loseSubscriptions(_ error: RedisError) {
        for waiter in subscriptions.lose() { waiter(.failure(RedisError(.unavailable, error.detail))) }
    }
}
