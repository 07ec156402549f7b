import LockStore
import TicketLock

/// Asking what has become of the tickets that are waited for, and telling who waits.
extension RedisLockStore {
    /// How long nothing is asked after Redis has refused to answer.
    static let rest: Duration = .milliseconds(500)
    /// How long nothing is asked because of the time alone after an answer: the clocks may be a little apart.
    private static let pause: Duration = .milliseconds(1)

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
                let answer: CheckAnswer = try await run(scripts.check, room.id, arguments, isReading: true)
                tell(room, asked, answer)
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
                room.update(ticket.group, status, expires: seen.expires)
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
    func letGo(_ room: WaitingRoom, _ error: LockStoreError) {
        for ticket in room.tickets {
            waiters.endAll(ticket.group) { _ in .failed(error) }
            room.forget(ticket.group)
        }
        schedule(room)
    }
}
