import RedisClient
import TicketLock

/// The rooms of all conversations that somebody waits in here, by ID, by channel, and by when something is to be
/// done for them.
struct WaitingRooms {
    private var byID: [ConversationID: WaitingRoom] = [:]
    private var byKey: [RedisName: WaitingRoom] = [:]
    private var byPlace: [WaitingRoom?] = []
    private var free: [Int] = []
    private var deadlines = DeadlineHeap()

    var count: Int { byID.count }
    var all: [WaitingRoom] { Array(byID.values) }
    var nextDeadline: Instant? { deadlines.first?.due }

    subscript(id: ConversationID) -> WaitingRoom? { byID[id] }
    subscript(key key: RedisName) -> WaitingRoom? { byKey[key] }

    /// How many messages a conversation's room has heard; nil when it would miss some.
    func generation(of id: ConversationID) -> Int? {
        guard let room = byID[id], room.subscription == .confirmed else { return nil }
        return room.generation
    }

    /// - Parameter key: of the lock.
    mutating func open(_ id: ConversationID, key: String, now: Instant) -> WaitingRoom {
        let place = free.popLast() ?? byPlace.count
        let room = WaitingRoom(id: id, key: key, place: place, now: now)
        if place == byPlace.count { byPlace.append(room) } else { byPlace[place] = room }
        byID[id] = room
        byKey[RedisName(key)] = room
        return room
    }

    mutating func close(_ room: WaitingRoom) {
        guard byID[room.id] === room else { return }
        byID[room.id] = nil
        byKey[RedisName(room.key)] = nil
        byPlace[room.place] = nil
        deadlines.remove(room.place)
        free.append(room.place)
    }

    /// Something is to be done for the room then; nil: nothing by time alone.
    mutating func schedule(_ room: WaitingRoom, _ due: Instant?) {
        guard byID[room.id] === room else { return }
        if let due, due != .never { deadlines.set(room.place, to: due) } else { deadlines.remove(room.place) }
    }

    /// The room for which something has been due for longest; it is due no more.
    mutating func takeDue(at now: Instant) -> WaitingRoom? {
        guard let first = deadlines.first, first.due <= now else { return nil }
        deadlines.remove(first.key)
        return byPlace[first.key]
    }
}
