import EventLoop
import LockStore
import RedisClient
import TicketLock

/// What is done because of the time alone, by one alarm.
extension RedisLockStore {
    /// How long a room with nobody in it goes on listening: who comes next is told sooner, with less to do.
    private static let lingering: Duration = .seconds(2)
    private static let lingeringRoomsMax = 10_000

    /// Sees to it that a room is looked after when something changes by time alone.
    func schedule(_ room: WaitingRoom) {
        var due: Instant?
        if room.isEmpty {
            let since = room.emptySince ?? time.now()
            room.emptySince = since
            let lingers = room.subscription == .confirmed && rooms.count <= Self.lingeringRoomsMax
            due = lingers ? since + Self.lingering : since
        } else if isReady, !room.isChecking {
            if isHeard(room) {
                due = room.mustCheck ? room.restsUntil : room.nextChange(patience: expiryPatience)
            } else {
                due = max(room.restsUntil, room.lastAsked + Self.deafPause)
            }
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
        let channel = RedisName(Self.channelPrefix + room.key)
        let keyChannel = RedisName(keyChannelPrefix + room.key)
        startTask { store in
            await store.redis.unsubscribe(channel)
            await store.redis.unsubscribe(keyChannel)
        }
    }

    func setAlarm() {
        var due = waiters.nextDeadline
        func consider(_ other: Instant?) { if let other { due = min(due ?? other, other) } }
        consider(rooms.nextDeadline)
        consider(givesUpAt)
        consider(counting.givesUpAt)
        consider(strays.first?.due)
        if isReady, rooms.count > 0 { consider(nextKeyLook) }
        if isReady, !isWritingIndexes { consider(indexes.nextDue) }
        if let due { time.wake(at: due) }
    }

    func alarmWentOff() {
        let now = time.now()
        while let waiter = waiters.firstDue(at: now) { timeOut(waiter) }
        while let room = rooms.takeDue(at: now) { attend(to: room, now: now) }
        if let due = givesUpAt, due <= now { giveUp() }
        if let due = counting.givesUpAt, due <= now { counting.end() }
        withdrawStrays(now: now)
        if isReady, rooms.count > 0, nextKeyLook <= now {
            nextKeyLook = .never
            startTask { await $0.lookWhetherKeysAreTold() }
        }
        if isReady, !isWritingIndexes, let due = indexes.nextDue, due <= now {
            isWritingIndexes = true
            startTask { store in
                // What is lost is set right when the locks are touched again, or when its time has passed.
                try? await store.writeIndexes()
                store.isWritingIndexes = false
                store.setAlarm()
            }
        }
        setAlarm()
    }
}
