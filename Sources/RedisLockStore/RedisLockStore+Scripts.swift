import LockStore
import RedisClient
import TicketLock

/// What a client asks for when it takes a ticket.
struct Order {
    let isAcquire: Bool
    let lifetime: Duration
    let timeout: Duration
    let key: IdempotencyKey?
}

/// A ticket as a script shows it.
struct SeenTicket {
    let status: TicketStatus
    /// The same moment as the status's, in Redis's microseconds.
    let expires: Int64
}

/// Running scripts, and taking note of what they tell.
extension RedisLockStore {
    static let cancellation = LockStoreError(.cancelled, "the caller stopped waiting")

    /// What the scripts take a missing token for.
    static func text(_ token: FencingToken?) -> String { token.map { String($0) } ?? "" }

    /// A ticket's name in the indexes.
    static func member(_ number: TicketNumber, _ id: ConversationID) -> RedisName {
        RedisName("\(number):\(id.string)")
    }

    /// Takes a ticket, or finds the one that the key has got; makes room for a new lock when there is none.
    func take(
        _ order: Order, for id: ConversationID
    ) async throws(LockStoreError) -> Result<SeenTicket, Refusal> {
        var hasRoom = indexes.locks.count < limits.locksMax
        while true {
            let answer: TicketAnswer = try await run(
                scripts.take, id,
                [
                    String(limits.ticketsPerLockMax), hasRoom ? "1" : "0",
                    order.isAcquire ? "acquire" : "issue", String(order.lifetime.microseconds),
                    String(order.timeout.microseconds), order.key ?? "", String(tokenFloor),
                    milliseconds(order.lifetime + limits.numberRetention), hearsMessages ? home : "",
                ])
            if answer.code == .noRoom, !hasRoom {
                guard try await makeRoom() else { return .failure(.tooManyLocks) }
                hasRoom = true
                continue
            }
            return taken(answer, order, id)
        }
    }

    private func taken(
        _ answer: TicketAnswer, _ order: Order, _ id: ConversationID
    ) -> Result<SeenTicket, Refusal> {
        let isNew = answer.made.contains(.ticket)
        if isNew { ticketStatistics.issued += 1 }
        note(answer, of: id)
        noteLock(answer.reply, id, isNew: answer.made.contains(.lock))
        let result = ticket(in: answer)
        if case .success(let ticket) = result, isNew {
            let member = Self.member(ticket.status.number, id)
            let now = time.now()
            indexes.tickets.set(member, score: ticket.expires, isNew: true, now: now)
            if order.key != nil { indexes.keys.set(member, score: ticket.expires, isNew: true, now: now) }
        }
        setAlarm()
        return result
    }

    /// As Redis takes it for how long a key lives; rounded up.
    func milliseconds(_ span: Duration) -> String { String((span.microseconds + 999) / 1000) }

    /// What no token is given out below.
    private var tokenFloor: FencingToken {
        let lead = clock.lead
        guard lead > 0 else { return highestToken + 1 }
        return max(highestToken + 1, FencingToken(clamping: clock.microseconds(time.now()) + lead))
    }

    func status(
        of number: TicketNumber, token: FencingToken?, for id: ConversationID
    ) async throws(LockStoreError) -> Result<SeenTicket, Refusal> {
        let answer: TicketAnswer = try await run(
            scripts.status, id, [String(number), Self.text(token)])
        note(answer, of: id)
        if answer.code != .ok { noteLock(answer.reply, id) }
        return ticket(in: answer)
    }

    /// Runs a script on a lock's key.
    ///
    /// - Parameter isReading: nothing is lost when it is not known whether it was carried out.
    func run<Answer: ScriptAnswer>(
        _ script: RedisScript, _ id: ConversationID, _ arguments: [String], isReading: Bool = false
    ) async throws(LockStoreError) -> Answer {
        let sent = time.now()
        let reply: RedisReply
        do throws(RedisError) {
            reply = try await redis.run(
                script, key: keyPrefix + id.string,
                arguments: [String(limits.numberRetention.microseconds)] + arguments)
        } catch {
            throw failure(error, isReading: isReading)
        }
        guard let answer = Answer(try ScriptReply(reply)) else {
            throw LockStoreError(.unreadable, "a script gave \(reply)")
        }
        clock.observe(microseconds: answer.reply.now, sent: sent, received: time.now())
        return answer
    }

    /// The ticket that an answer shows, or why it shows none.
    func ticket(in answer: TicketAnswer) -> Result<SeenTicket, Refusal> {
        if let refusal = Refusal(answer.code) { return .failure(refusal) }
        highestToken = max(highestToken, answer.token)
        let status = TicketStatus(
            number: answer.number, token: answer.token, expires: clock.instant(answer.expires),
            nowServing: answer.nowServing, position: answer.position)
        return .success(SeenTicket(status: status, expires: answer.expires))
    }

    /// Counts what happened to tickets.
    func note(_ answer: some ScriptAnswer, of id: ConversationID) {
        guard !answer.journal.isEmpty else { return }
        let now = time.now()
        for happening in answer.journal {
            ticketStatistics.count(happening)
            guard happening.what != .served else { continue }
            if happening.what == .expired, happening.microseconds >= 0 {
                let held = Duration.microseconds(happening.microseconds)
                onLapses?(Lapses([Lapse(conversationID: id, number: happening.number, held: held)]))
            }
            let member = Self.member(happening.number, id)
            indexes.tickets.remove(member, now: now)
            if happening.isKeyed { indexes.keys.remove(member, now: now) }
        }
        setAlarm()
    }

    /// Takes over to the index whether there is the lock, and until when.
    func noteLock(_ reply: ScriptReply, _ id: ConversationID, isNew: Bool = false, isDeleted: Bool = false) {
        if isDeleted {
            indexes.locks.remove(RedisName(id.string), now: time.now())
        } else if let score = reply.score {
            indexes.locks.set(
                RedisName(id.string), score: score + limits.numberRetention.microseconds, isNew: isNew,
                now: time.now())
        }
        setAlarm()
    }
}

extension Statistics {
    /// Counts what happened to a ticket.
    fileprivate mutating func count(_ happening: ScriptJournal.Happening) {
        let microseconds = happening.microseconds
        let wasServed = microseconds >= 0
        switch happening.what {
        case .served:
            waitTimes.record(nanoseconds: microseconds * 1000)
            return
        case .finished: finished += 1
        case .withdrawn, .timedOut, .unheard: withdrawn += 1
        case .expired: if wasServed { expiredHeld += 1 } else { expiredWaiting += 1 }
        case .deleted: deleted += 1
        }
        if wasServed { holdTimes.record(nanoseconds: microseconds * 1000) }
    }
}

extension Duration {
    /// The span in whole microseconds, rounded up, so that no positive span becomes none.
    var microseconds: Int64 {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1000)
        return remainder > 0 ? quotient + 1 : quotient
    }
}
