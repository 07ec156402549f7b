@testable import TicketLock

/// What three clients and the clock may do to two conversations.
enum Move: Sendable {
    case issue(client: Int, Int)
    case acquire(client: Int, Int)
    case finish(client: Int)
    case cleanUp(client: Int)
    case extend(client: Int)
    case withdraw(client: Int)
    case create(Int)
    case delete(Int)
    /// One second passes; what has expired is worked off, or left for the next operation to notice.
    case tick(expire: Bool)
}

/// A rule that was broken, and how it came to that.
struct Violation: Error, CustomStringConvertible {
    let rule: String
    let path: [Move]
    var description: String { "\(rule), after \(path)" }
}

/// What a client believes of the last ticket it took. It is told by answers and events only.
struct Client: Hashable {
    enum Belief {
        case none, waiting, holding, over
    }
    var belief = Belief.none
    var conversation = 0
    var number: TicketNumber = -1
    var token: FencingToken = 0
    /// While it holds the lock: until when.
    var until = Instant.never
}

/// One state of a table with two conversations and three clients, with what the rules say of it. Clients send
/// no tokens, so that numbers alone must keep them apart.
struct SmallScope {
    static let ids: [ConversationID] = ["ada", "bob"]
    static let second = Duration.seconds(1)
    static let limits = {
        var limits = LockLimits()
        limits.numberRetention = .seconds(3)
        limits.ticketsPerLockMax = 3
        return limits
    }()

    var table = LockTable(limits: limits, firstToken: 1)
    var now = Instant.start
    var clients = Array(repeating: Client(), count: 3)
    var path: [Move] = []
    /// Of each conversation: the highest number so far, and when it may be forgotten if there is no lock.
    var highest: [TicketNumber] = [-1, -1]
    var forgotten = [Instant.never, .never]
    /// Of each conversation: the token of the ticket last served.
    var served: [FencingToken] = [0, 0]
    var lastToken: FencingToken = 0

    func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws {
        guard holds else { throw Violation(rule: rule(), path: path) }
    }

    /// The lock as it lies in the table, what has expired unnoticed included.
    func lock(_ conversation: Int) -> LockTable.Slot? {
        Self.ids[conversation].withBytes { id in
            (0..<table.slots.count).map { table.slots[$0] }.first { table.ids.holds($0.id, id) }
        }
    }

    /// What can be done now. Clients and conversations that nothing has happened to are alike, so only the
    /// first of them moves.
    var moves: [Move] {
        var moves: [Move] = [.tick(expire: true), .tick(expire: false)]
        let isTouched = [0, 1].contains { lock($0) != nil || highest[$0] >= 0 }
        let conversations = isTouched ? [0, 1] : [0]
        for conversation in conversations {
            moves.append(lock(conversation) == nil ? .create(conversation) : .delete(conversation))
        }
        for client in clients.indices {
            if clients[client].belief == .none || clients[client].belief == .over {
                for conversation in conversations {
                    moves += [.issue(client: client, conversation), .acquire(client: client, conversation)]
                }
            }
            if clients[client].belief == .none { break }
            // Also when it believes that all is over: a repeated request, one that was long on its way.
            moves += [.finish(client: client), .cleanUp(client: client), .extend(client: client)]
            if clients[client].belief != .over { moves.append(.withdraw(client: client)) }
        }
        return moves
    }

    /// The state as one number: equal for states that differ only in when and after what they came about.
    var fingerprint: Int {
        var hasher = Hasher()
        for conversation in [0, 1] {
            let slot = lock(conversation)
            hasher.combine(slot == nil)
            hasher.combine(highest[conversation])
            hasher.combine(forgotten[conversation] == .never ? nil : forgotten[conversation] - now)
            guard let slot else { continue }
            if slot.lock.isEmpty { hasher.combine(slot.lock.since - now) }
            for ticket in slot.lock.tickets {
                hasher.combine(ticket.number)
                hasher.combine(ticket.expires - now)
                hasher.combine(ticket.lifetimeOnceServed == nil)
                hasher.combine(clients.firstIndex { $0.token == ticket.token })
            }
        }
        for client in clients {
            hasher.combine(client.belief)
            hasher.combine(client.conversation)
            hasher.combine(client.number)
            hasher.combine(client.until == .never ? nil : client.until - now)
        }
        return hasher.finalize()
    }
}
