import EventLoop
import LockStore
import RedisClient
import TicketLock

/// What a caller is told of is on as many replicas as are asked for, or the outcome is not known.
extension RedisLockStore {
    var waitsForReplicas: Bool { configuration.replicasWaitedFor > 0 }

    /// Returns when all that was done so far is on the replicas.
    func confirm() async throws(LockStoreError) {
        guard waitsForReplicas else { return }
        do throws(RedisError) {
            try await redis.waitForReplicas()
        } catch {
            throw LockStoreError(.outcomeUnknown, error.detail)
        }
    }

    /// The same for a ticket that was taken. One that nobody can come back for is given up if it is not.
    func confirm(_ ticket: SeenTicket, of id: ConversationID, _ order: Order) async throws(LockStoreError) {
        do throws(LockStoreError) {
            try await confirm()
        } catch {
            if order.key == nil { giveUp(ticket.status.number, ticket.status.token, of: id) }
            throw error
        }
    }

    /// Tells all who wait for a ticket that it is served.
    func serve(_ group: UInt64, _ status: TicketStatus) {
        guard waitsForReplicas else { return end(group) { _ in .success(.ticket(status)) } }
        startTask { store in
            do throws(LockStoreError) {
                try await store.confirm()
                store.end(group) { _ in .success(.ticket(status)) }
            } catch {
                store.end(group) { waiter in
                    if waiter.isAcquire, !waiter.hasKey {
                        store.giveUp(waiter.number, waiter.token, of: waiter.id)
                    }
                    return .failure(error)
                }
            }
        }
    }
}
