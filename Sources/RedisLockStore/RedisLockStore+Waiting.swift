import EventLoop
import LockStore
import RedisClient
import TicketLock

/// Callers that wait, and how they are told. Whether a ticket is served is known from a script's reply only;
/// messages and alarms but prompt the question.
extension RedisLockStore {
    /// How long a room with nobody in it goes on listening: who comes next is told sooner, with less to do.
    private static let lingering: Duration = .seconds(2)
    private static let lingeringRoomsMax = 10_000
    /// How long nothing is asked after Redis has refused to answer.
    private static let rest: Duration = .milliseconds(500)
    /// How long nothing is asked because of the time alone after an answer: the clocks may be a little apart.
    private static let pause: Duration = .milliseconds(1)

    /// Makes a caller a waiting one.
    ///
    /// - Parameters:
    ///   - order: what the caller of acquire asked for; nil for a caller of wait.
    ///   - generation: the room's, before the ticket was seen to be waiting.
    func park(
        _ ticket: SeenTicket, of id: ConversationID, _ order: Order?, until due: Instant, generation: Int?
    ) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        guard !isShuttingDown else { return .failure(.shuttingDown(ticket.status)) }
        let room = rooms[id] ?? rooms.open(id, key: keyPrefix + id.string)
        let lifetime = order?.lifetime.microseconds
        let group = room.join(ticket.status, expires: ticket.expires, lifetime: lifetime) {
            nextGroup += 1
            return nextGroup
        }
        let waiter = Waiter(
            id: id, status: ticket.status, isAcquire: order != nil, hasKey: order?.key != nil, group: group)
        waiters.add(waiter, until: due)
        room.emptySince = nil
        if room.subscription == .none {
            room.askAll()
            subscribe(room)
        } else if generation == nil || generation != room.generation {
            room.ask(ticket.status.number)
            if room.subscription == .confirmed { check(room) }
        }
        schedule(room)
        setAlarm()
        return try await outcome(of: waiter)
    }

    private func outcome(of waiter: Waiter) async throws(LockStoreError) -> Result<TicketStatus, Refusal> {
        await withTaskCancellationHandler {
            await waiter.end(isolation: self)
        } onCancel: {
            cancel(waiter)
        }
        return try waiter.answer()
    }

    private nonisolated func cancel(_ waiter: Waiter) {
        guard loop.isOnLoopThread else {
            loop.submit { self.cancel(waiter) }
            return
        }
        onLoop { store in
            guard store.waiters.remove(waiter) else { return }
            store.left(waiter)
            if waiter.isAcquire { store.takeBack(waiter) }
            waiter.resolve(.cancelled)
        }
    }

    /// A caller waits no more.
    private func left(_ waiter: Waiter) {
        guard let room = rooms[waiter.id] else { return }
        room.leave(waiter)
        schedule(room)
    }

    /// Gives up the ticket of an acquire that waits no more, before its caller is told.
    private func takeBack(_ waiter: Waiter) {
        let withdrawal = Withdrawal(
            id: waiter.id, number: waiter.number, token: waiter.token, mayBeRepeated: !waiter.hasKey)
        // What cannot be done now is remembered.
        Task { try? await withdraw(withdrawal) }
    }

    func withdraw(_ ticket: Withdrawal) async throws(LockStoreError) {
        do throws(LockStoreError) {
            let reply = try await run(
                scripts.withdraw, ticket.id, [String(ticket.number), String(ticket.token)], countMin: 6)
            note(reply, from: 6, of: ticket.id)
            noteLock(reply, ticket.id)
        } catch {
            let isToBeDone =
                error.code == .unavailable || error.code == .outcomeUnknown && ticket.mayBeRepeated
            if isToBeDone, withdrawals.count < Withdrawal.countMax { withdrawals.append(ticket) }
            throw error
        }
    }

    /// The timeout of a caller has passed.
    func timeOut(_ waiter: Waiter) {
        guard waiters.remove(waiter) else { return }
        left(waiter)
        if waiter.isAcquire {
            takeBack(waiter)
            return waiter.resolve(.answered(.failure(.acquireTimeout)))
        }
        Task {
            do throws(LockStoreError) {
                let result = try await status(of: waiter.number, token: waiter.token, for: waiter.id)
                waiter.resolve(.answered(result.map(\.status)))
            } catch {
                waiter.resolve(.failed(error))
            }
        }
    }

    // MARK: Messages

    private func subscribe(_ room: WaitingRoom) {
        guard isReady, room.subscription == .none else { return }
        room.subscription = .requested
        Task {
            do throws(RedisError) {
                try await redis.subscribe(Self.channelPrefix + room.key)
                if watchesKeys { try await redis.subscribe(keyChannelPrefix + room.key) }
                guard rooms[room.id] === room else { return }
                room.subscription = .confirmed
                room.generation += 1
                check(room)
            } catch {
                guard rooms[room.id] === room else { return }
                room.subscription = .none
                room.restsUntil = time.now() + Self.rest
                schedule(room)
            }
        }
    }

    private var keyChannelPrefix: String { "__keyspace@\(configuration.database)__:" }

    /// A message of one of our scripts, or of Redis itself about a key.
    func received(_ text: String, on channel: String) {
        if channel.hasPrefix(Self.channelPrefix) {
            guard let room = rooms[key: String(channel.dropFirst(Self.channelPrefix.count))] else { return }
            room.generation += 1
            guard !room.isEmpty else { return }
            for word in text.split(separator: " ") { heard(word, room) }
            check(room)
        } else if channel.hasPrefix(keyChannelPrefix) {
            guard let room = rooms[key: String(channel.dropFirst(keyChannelPrefix.count))] else { return }
            room.generation += 1
            // Our scripts set keys with an expiry, which is told right behind; Rasa sets them without.
            room.isRewritten = text == "set"
            guard !room.isEmpty, text == "set" || text == "del" else { return }
            // At the end of this turn of the loop.
            Task {
                guard text == "del" || room.isRewritten else { return }
                room.askAll()
                check(room)
            }
        }
    }

    /// What a script tells of a ticket: `x5`, `r5`, `e5`; or of the whole lock: `d`.
    private func heard(_ word: Substring, _ room: WaitingRoom) {
        if word == "d" {
            for ticket in room.tickets { room[ticket.status.number]?.reason = .lockDeleted }
            room.askAll()
            return
        }
        guard let number = TicketNumber(word.dropFirst()), room[number] != nil else { return }
        switch word.first {
        case "x": room[number]?.reason = .expired
        case "r": room[number]?.reason = .removed
        default: break
        }
        room.ask(number)
    }

    // MARK: Checks

    /// Asks what has become of the tickets that are waited for in a room.
    func check(_ room: WaitingRoom) {
        room.mustCheck = true
        guard isReady, !room.isEmpty, !room.isChecking else { return }
        room.isChecking = true
        Task { await runChecks(room) }
    }

    private func runChecks(_ room: WaitingRoom) async {
        while room.mustCheck, !room.isEmpty, isReady {
            let asked = room.takeAsked(now: time.now())
            do throws(LockStoreError) {
                let arguments = asked.flatMap { ticket in
                    [
                        String(ticket.status.number), String(ticket.status.token), String(ticket.expires),
                        String(ticket.lifetime ?? -1),
                    ]
                }
                let reply = try await run(
                    scripts.check, room.id, arguments, countMin: 6 + 2 * asked.count, isReading: true)
                tell(room, asked, reply)
                room.restsUntil = time.now() + Self.pause
            } catch {
                if error.code == .unreadable {
                    letGo(room, error)
                } else {
                    room.askAll()
                    room.restsUntil = time.now() + Self.rest
                    break
                }
            }
        }
        room.isChecking = false
        schedule(room)
    }

    /// Tells the callers what a check has found out.
    private func tell(_ room: WaitingRoom, _ asked: [WaitingRoom.Ticket], _ reply: ScriptReply) {
        note(reply, from: 6 + 2 * asked.count, of: room.id)
        room.headExpires = reply[3] > 0 ? clock.instant(reply[5]) : .never
        for (index, ticket) in asked.enumerated() {
            let (position, expires) = (reply[6 + 2 * index], reply[7 + 2 * index])
            guard position >= 0 else {
                tellGone(room, ticket, now: reply.now)
                continue
            }
            let status = TicketStatus(
                number: ticket.status.number, token: ticket.status.token, expires: clock.instant(expires),
                nowServing: reply[4], position: Int(clamping: position))
            if expires != ticket.expires {
                indexes.tickets.set(
                    Self.member(status.number, room.id), score: expires, isNew: false, now: time.now())
            }
            if status.isLocked {
                room.update(ticket.group, status, expires: expires)
            } else {
                waiters.resolveAll(ticket.group) { _ in .success(status) }
                room.forget(ticket.group)
            }
        }
    }

    private func tellGone(_ room: WaitingRoom, _ ticket: WaitingRoom.Ticket, now: Int64) {
        let heard = room.tickets.first { $0.group == ticket.group }?.reason
        let reason = heard ?? (ticket.expires <= now ? .expired : .unknown)
        waiters.resolveAll(ticket.group) { waiter in
            // The ticket of an acquire lives to its caller's timeout, so this is that timeout.
            .failure(waiter.isAcquire && reason == .expired ? .acquireTimeout : .gone(reason))
        }
        room.forget(ticket.group)
    }

    /// Answers all who wait in a room with an error; their tickets keep their places.
    private func letGo(_ room: WaitingRoom, _ error: LockStoreError) {
        for ticket in room.tickets {
            waiters.endAll(ticket.group) { _ in .failed(error) }
            room.forget(ticket.group)
        }
        schedule(room)
    }

    // MARK: Time and state

    /// Sees to it that a room is looked after when something changes by time alone.
    func schedule(_ room: WaitingRoom) {
        var due: Instant?
        if room.isEmpty {
            let since = room.emptySince ?? time.now()
            room.emptySince = since
            let lingers = room.subscription == .confirmed && rooms.count <= Self.lingeringRoomsMax
            due = lingers ? since + Self.lingering : since
        } else if isReady, !room.isChecking {
            let mustAsk = room.subscription == .none || room.mustCheck && room.subscription == .confirmed
            due = mustAsk ? room.restsUntil : room.nextChange(patience: expiryPatience)
        }
        rooms.schedule(room, due)
        setAlarm()
    }

    private func attend(to room: WaitingRoom, now: Instant) {
        guard room.isEmpty else {
            subscribe(room)
            // With no messages coming in, too, nobody is forgotten.
            return check(room)
        }
        rooms.close(room)
        let (channel, keyChannel) = (Self.channelPrefix + room.key, keyChannelPrefix + room.key)
        Task {
            await redis.unsubscribe(channel)
            await redis.unsubscribe(keyChannel)
        }
    }

    func setAlarm() {
        var due = waiters.nextDeadline
        func consider(_ other: Instant?) { if let other { due = min(due ?? other, other) } }
        consider(rooms.nextDeadline)
        consider(givesUpAt)
        consider(counting.givesUpAt)
        if isReady, !isWritingIndexes { consider(indexes.nextDue) }
        if let due { time.wake(at: due) }
    }

    func alarmWentOff() {
        let now = time.now()
        while let waiter = waiters.firstDue(at: now) { timeOut(waiter) }
        while let room = rooms.takeDue(at: now) { attend(to: room, now: now) }
        if let due = givesUpAt, due <= now { giveUp() }
        if let due = counting.givesUpAt, due <= now { counting.end() }
        if isReady, !isWritingIndexes, let due = indexes.nextDue, due <= now {
            isWritingIndexes = true
            Task {
                // What is lost is set right when the locks are touched again, or when its time has passed.
                try? await writeIndexes()
                isWritingIndexes = false
                setAlarm()
            }
        }
        setAlarm()
    }

    /// Redis has been gone for longer than a reply may take: nobody is kept waiting for it.
    private func giveUp() {
        givesUpAt = nil
        let error = LockStoreError(.unavailable, "Redis has been gone for longer than a reply may take")
        for room in rooms.all { letGo(room, error) }
    }

    func stateChanged(_ state: RedisState) {
        switch state {
        case .ready: becameReady()
        case .lost:
            isReady = false
            givesUpAt = time.now() + configuration.timeout
            setAlarm()
        case .subscriptionsLost:
            for room in rooms.all where room.subscription == .confirmed {
                // The client asks for the channels again by itself.
                room.subscription = .requested
                room.generation += 1
                room.isToBeRenewed = true
            }
        case .subscriptionsRenewed:
            for room in rooms.all where room.isToBeRenewed {
                room.isToBeRenewed = false
                room.subscription = .confirmed
                room.askAll()
                check(room)
                schedule(room)
            }
        }
    }

    private func becameReady() {
        Task {
            await compareClocks()
            // So that none has to be sent again, behind what was asked for later.
            _ = try? await redis.pipeline(scripts.all.map(\.load))
            await goOn()
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
    }

    private func goOn() async {
        guard await redis.isReady else { return }
        isReady = true
        givesUpAt = nil
        Task {
            watchesKeys = await tellsOfKeys()
            try? await writeIndexes(isCounting: true)
        }
        let again = withdrawals
        withdrawals = []
        for ticket in again {
            Task { try? await withdraw(ticket) }
        }
        for room in rooms.all {
            room.askAll()
            room.restsUntil = time.now()
            subscribe(room)
            check(room)
            schedule(room)
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
