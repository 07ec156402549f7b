import EventLoop
import LockStore
import RedisClient
import TicketLock

/// Redis comes and goes.
extension RedisLockStore {
    /// How often it is asked, while somebody waits, whether Redis tells of keys.
    private static let keyLookPeriod: Duration = .seconds(5)

    /// Redis has been gone for longer than a reply may take: nobody is kept waiting for it.
    func giveUp() {
        givesUpAt = nil
        let error = LockStoreError(.unavailable, "Redis has been gone for longer than a reply may take")
        for room in rooms.all { letGo(room, error) }
    }

    func stateChanged(_ state: RedisState) {
        switch state {
        case .ready: becameReady()
        case .lost:
            isReady = false
            lastLoss = time.now()
            givesUpAt = time.now() + configuration.timeout
            setAlarm()
        case .subscriptionsLost:
            hearsMessages = false
            lastLoss = time.now()
            for room in rooms.all {
                room.generation += 1
                if room.subscription == .confirmed {
                    // The client asks for the channels again by itself.
                    room.subscription = .requested
                    room.isToBeRenewed = true
                }
                // It is asked about by the time alone.
                room.askAll()
                schedule(room)
            }
        case .subscriptionsRenewed:
            hearsMessages = true
            for room in rooms.all {
                if room.isToBeRenewed {
                    room.isToBeRenewed = false
                    room.subscription = .confirmed
                }
                subscribe(room)
                room.askAll()
                check(room)
                schedule(room)
            }
        }
    }

    private func becameReady() {
        startTask { store in
            await store.compareClocks()
            // So that none has to be sent again, behind what was asked for later.
            _ = try? await store.redis.pipeline(store.scripts.all.map(\.load))
            await store.goOn()
        }
    }

    /// Finds out how Redis's clock and ours go together, before anybody is told of a moment.
    private func compareClocks() async {
        var samples: [(microseconds: Int64, sent: Instant, received: Instant)] = []
        // As many as it takes to have a quick one, on a busy machine.
        for _ in 0..<20 where !samples.contains(where: { $0.received - $0.sent < .milliseconds(1) }) {
            let sent = time.now()
            guard let reply = try? await redis.command(RedisCommand(["TIME"])), let parts = reply.elements,
                parts.count == 2, let seconds = parts[0].text.flatMap({ Int64($0) }),
                let microseconds = parts[1].text.flatMap({ Int64($0) })
            else {
                break
            }
            samples.append((seconds * 1_000_000 + microseconds, sent, time.now()))
        }
        clock.observe(samples)
        await shareLead()
    }

    /// Tokens do not go back for any daemon when the clock of a new master is behind: those that have seen the old
    /// one tell the others, by a key, how much it was ahead.
    private func shareLead() async {
        let key = indexes.locks.key + ":lead"
        let known = try? await redis.command(RedisCommand(["GET", key])).text.flatMap { Int64($0) }
        clock.learn(lead: (known ?? nil) ?? 0)
        guard clock.lead > ((known ?? nil) ?? 0) else { return }
        // Once the new clock has come as far as the old one had, it is of no use.
        let milliseconds = clock.lead / 1000 + 60_000
        _ = try? await redis.command(
            RedisCommand(["SET", key, String(clock.lead), "PX", String(milliseconds)]))
    }

    private func goOn() async {
        guard await redis.isReady else { return }
        isReady = true
        givesUpAt = nil
        startTask { store in
            await store.lookWhetherKeysAreTold()
            try? await store.writeIndexes(isCounting: true)
        }
        let again = withdrawals
        withdrawals = []
        for ticket in again {
            startTask { try? await $0.withdraw(ticket) }
        }
        for room in rooms.all {
            room.askAll()
            room.restsUntil = time.now()
            subscribe(room)
            check(room)
            schedule(room)
        }
    }

    /// That Redis tells of keys may be switched on at any time, as README says how.
    func lookWhetherKeysAreTold() async {
        nextKeyLook = time.now() + Self.keyLookPeriod
        let areTold = await tellsOfKeys()
        guard areTold != watchesKeys else { return }
        watchesKeys = areTold
        guard areTold else { return }
        for room in rooms.all where room.subscription != .none {
            startTask { store in
                try? await store.redis.subscribe(RedisName(store.keyChannelPrefix + room.key))
                room.askAll()
                store.check(room)
            }
        }
    }

    /// Whether Redis tells of keys that are set or deleted, as during a migration from Rasa's store.
    private func tellsOfKeys() async -> Bool {
        do throws(RedisError) {
            let reply = try await redis.command(RedisCommand(["CONFIG", "GET", "notify-keyspace-events"]))
            let flags = reply.elements?.last?.text ?? ""
            return flags.contains("K") && (flags.contains("$") || flags.contains("A"))
        } catch {
            // Whoever may not ask listens, in case it does.
            return error.code == .refused
        }
    }
}
