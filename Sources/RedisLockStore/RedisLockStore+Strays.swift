import LockStore
import RedisClient
import TicketLock

/// A ticket of this daemon's that has been called though nobody waits for it here, as when the answer to its taking
/// was lost.
struct Stray {
    /// The most that are remembered; others are dropped when they are not claimed in time.
    static let countMax = 1_000
    /// How long the answer to its taking may still be under way on the other connection.
    static let patience: Duration = .seconds(1)

    let id: ConversationID
    let number: TicketNumber
    let token: FencingToken
    let due: Instant
}

/// The tickets whose only caller is at this daemon: others look whether it is there before they wait for it.
extension RedisLockStore {
    var ownChannel: RedisName { RedisName(Self.channelPrefix + Self.homePrefix + home) }

    /// A script has looked whether this daemon is there, for the sake of a ticket: its number, token and key.
    func called(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let number = TicketNumber(words[0]), let token = FencingToken(words[1]),
            let id = RedisName(String(words[2])).dropping(keyPrefix).map({ ConversationID($0.string) }),
            !isWaitedFor(number, token, id), strays.count < Stray.countMax,
            !strays.contains(where: { $0.token == token && $0.id == id })
        else { return }
        strays.append(Stray(id: id, number: number, token: token, due: time.now() + Stray.patience))
        setAlarm()
    }

    func withdrawStrays(now: Instant) {
        while let stray = strays.first, stray.due <= now {
            strays.removeFirst()
            guard !isWaitedFor(stray.number, stray.token, stray.id) else { continue }
            giveUp(stray.number, stray.token, of: stray.id)
        }
    }

    private func isWaitedFor(_ number: TicketNumber, _ token: FencingToken, _ id: ConversationID) -> Bool {
        rooms[id]?[number]?.status.token == token
    }

    /// Before this daemon ends, its callers' tickets are made to wait for them wherever they come back.
    func sendCallersElsewhere() async {
        let end = time.now() + .seconds(1)
        for room in rooms.all where room.tickets.contains(where: { $0.lifetime != nil }) {
            guard isReady, time.now() < end else { return }
            // Who is served meanwhile is told so.
            try? await ask(room, room.tickets)
        }
    }
}
