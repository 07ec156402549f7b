import EventLoop
import LockStore
import RedisClient
import TicketLock

/// Messages from other daemons, and from Redis itself: they prompt questions, no more.
extension RedisLockStore {
    func subscribe(_ room: WaitingRoom) {
        guard isReady, room.subscription == .none else { return }
        room.subscription = .requested
        startTask { store in
            do throws(RedisError) {
                try await store.redis.subscribe(RedisName(Self.channelPrefix + room.key))
                if store.watchesKeys {
                    try await store.redis.subscribe(RedisName(store.keyChannelPrefix + room.key))
                }
                guard store.rooms[room.id] === room else { return }
                room.subscription = .confirmed
                room.generation += 1
                store.check(room)
            } catch {
                guard store.rooms[room.id] === room else { return }
                room.subscription = .none
                room.restsUntil = store.time.now() + Self.rest
                store.schedule(room)
            }
        }
    }

    var keyChannelPrefix: String { "__keyspace@\(configuration.database)__:" }

    /// A message of one of our scripts, or of Redis itself about a key.
    func received(_ text: String, on channel: RedisName) {
        if channel == ownChannel {
            called(text)
        } else if let key = channel.dropping(Self.channelPrefix) {
            guard let room = rooms[key: key] else { return }
            room.generation += 1
            guard !room.isEmpty else { return }
            for word in text.split(separator: " ") { heard(word, room) }
            check(room)
        } else if let key = channel.dropping(keyChannelPrefix) {
            guard let room = rooms[key: key] else { return }
            room.generation += 1
            // Our scripts set keys with an expiry, which is told right behind; Rasa sets them without.
            room.isRewritten = text == "set"
            guard !room.isEmpty, text == "set" || text == "del" else { return }
            // At the end of this turn of the loop.
            startTask { store in
                guard text == "del" || room.isRewritten else { return }
                room.askAll()
                store.check(room)
            }
        }
    }

    /// What a script tells of a ticket: `x5`, `r5`, `u5`, `e5`; or of the whole lock: `d`.
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
        case "u": room[number]?.isUnheard = true
        default: break
        }
        room.ask(number)
    }
}
