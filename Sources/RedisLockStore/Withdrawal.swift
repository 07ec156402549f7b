import EventLoop
import LockStore
import TicketLock

/// A ticket that is to be taken back: its caller has gone. Repeated when Redis can be reached again, if it is not known
/// whether it was done.
struct Withdrawal {
    /// The most that are remembered; others expire.
    static let countMax = 10_000

    let id: ConversationID
    let number: TicketNumber
    let token: FencingToken
    /// What it is known by in Redis: done twice, it would take the ticket from another request with the same
    /// idempotency key.
    let name: String
}

extension RedisLockStore {
    func withdrawal(_ number: TicketNumber, _ token: FencingToken, of id: ConversationID) -> Withdrawal {
        withdrawalCount += 1
        return Withdrawal(id: id, number: number, token: token, name: home + "-" + String(withdrawalCount))
    }

    /// Gives up the ticket of a caller that waits no more. What cannot be done now is remembered.
    func giveUp(_ number: TicketNumber, _ token: FencingToken, of id: ConversationID) {
        let withdrawal = withdrawal(number, token, of: id)
        startTask { try? await $0.withdraw(withdrawal) }
    }

    func withdraw(_ ticket: Withdrawal) async throws(LockStoreError) {
        do throws(LockStoreError) {
            let answer: QueueAnswer = try await run(
                scripts.withdraw, ticket.id, [String(ticket.number), String(ticket.token), ticket.name])
            note(answer, of: ticket.id)
            noteLock(answer.reply, ticket.id)
        } catch {
            let isToBeDone = error.code == .unavailable || error.code == .outcomeUnknown
            if isToBeDone, withdrawals.count < Withdrawal.countMax { withdrawals.append(ticket) }
            throw error
        }
    }
}
