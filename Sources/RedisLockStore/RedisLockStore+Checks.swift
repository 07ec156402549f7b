import EventLoop
import LockStore
import TicketLock

/// Asking what has become of the tickets that are waited for, and telling who waits.
extension RedisLockStore {
    /// How long nothing is asked after Redis has refused to answer.
    static let rest: Duration = .milliseconds(500)
    /// How long nothing more is asked about a room whose messages do not come in.
    static let deafPause: Duration = .milliseconds(500)
    /// How long nothing is asked because of the time alone after an answer: the clocks may be a little apart.
    private static let pause: Duration = .milliseconds(1)

    /// Asks what has become of the tickets that are waited for in a room.
    func check(_ room: WaitingRoom) {
        room.mustCheck = true
        guard isReady, !room.isEmpty, !room.isChecking else { return }
        guard mayAsk(room) else { return schedule(room) }
        room.isChecking = true
        startTask { await $0.runChecks(room) }
    }

    /// Whether messages tell of all that happens to a room's tickets.
    func isHeard(_ room: WaitingRoom) -> Bool { hearsMessages && room.subscription == .confirmed }

    /// A room whose messages do not come in is asked about now and then, however many wait there.
    private func mayAsk(_ room: WaitingRoom) -> Bool {
        isHeard(room) || time.now() >= room.lastAsked + Self.deafPause
    }

    private func runChecks(_ room: WaitingRoom) async {
        while room.mustCheck, !room.isEmpty, isReady, mayAsk(room) {
            room.lastAsked = time.now()
            let asked = room.takeAsked(now: time.now())
            do throws(LockStoreError) {
                try await ask(room, asked)
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

    /// Asks about some of a room's tickets, and tells their callers.
    func ask(_ room: WaitingRoom, _ asked: [WaitingRoom.Ticket]) async throws(LockStoreError) {
        let arguments = asked.flatMap { ticket in
            [
                String(ticket.status.number), String(ticket.status.token), String(ticket.expires),
                String(ticket.lifetime ?? -1),
            ]
        }
        // A daemon that ends has no callers.
        let home = isShuttingDown ? "" : home
        let answer: CheckAnswer = try await run(scripts.check, room.id, [home] + arguments, isReading: true)
        tell(room, asked, answer)
    }

    /// Tells the callers what a check has found out.
    private func tell(_ room: WaitingRoom, _ asked: [WaitingRoom.Ticket], _ answer: CheckAnswer) {
        note(answer, of: room.id)
        room.headExpires = answer.headExpires.map { clock.instant($0) } ?? .never
        for (ticket, seen) in zip(asked, answer.asked) {
            guard let position = seen.position else {
                tellGone(room, ticket, now: answer.reply.now)
                continue
            }
            let status = TicketStatus(
                number: ticket.status.number, token: ticket.status.token,
                expires: clock.instant(seen.expires),
                nowServing: answer.nowServing, position: position)
            if seen.expires != ticket.expires {
                indexes.tickets.set(
                    Self.member(status.number, room.id), score: seen.expires, isNew: false, now: time.now())
            }
            if status.isLocked {
                room.update(ticket.group, status, expires: seen.expires, now: time.now())
            } else {
                serve(ticket.group, status)
                room.forget(ticket.group)
            }
        }
    }

    private func tellGone(_ room: WaitingRoom, _ ticket: WaitingRoom.Ticket, now: Int64) {
        let ticket = room.tickets.first { $0.group == ticket.group } ?? ticket
        let reason = ticket.reason ?? (ticket.expires <= now ? .expired : .unknown)
        // It was not claimed in time, or Redis lost it.
        let wasOutOfTouch = ticket.isUnheard || reason == .unknown && ticket.seen < lastLoss
        end(ticket.group) { waiter in
            guard waiter.isAcquire else { return .success(.refused(.gone(reason))) }
            if wasOutOfTouch { return .failure(Self.placeLost) }
            // The ticket of an acquire lives to its caller's timeout, so this is that timeout.
            return .success(.refused(reason == .expired ? .acquireTimeout : .gone(reason)))
        }
        room.forget(ticket.group)
    }

    private static let placeLost = LockStoreError(
        .placeLost, "this daemon was out of touch with Redis for a while, and the ticket has lost its place")

    /// Answers all who wait in a room with an error. Tickets of acquire are given up, unless somebody may come back
    /// with their keys; all others keep their places.
    func letGo(_ room: WaitingRoom, _ error: LockStoreError) {
        for ticket in room.tickets {
            end(ticket.group) { waiter in
                guard waiter.isAcquire, error.code == .unavailable else { return .failure(error) }
                // That it is given up is true once Redis is back, and nobody else can be told that it is served.
                if !waiter.hasKey, withdrawals.count < Withdrawal.countMax {
                    withdrawals.append(withdrawal(waiter.number, waiter.token, of: waiter.id))
                    return .failure(error)
                }
                return .failure(LockStoreError(.outcomeUnknown, error.detail))
            }
            room.forget(ticket.group)
        }
        schedule(room)
    }
}
