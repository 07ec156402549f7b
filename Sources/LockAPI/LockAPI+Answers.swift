import HTTPServer
import LockStore
import TicketLock

/// What a client is told of what its call has come to.
extension LockAPI {
    /// Why a ticket that was named was not removed: it was finished, has expired, was removed, or was never issued.
    private static let notQueued = "not_queued"

    func response(to call: LockCall, _ outcome: LockOutcome) -> Response {
        let id = call.id
        switch outcome {
        case .ticket(let status): return response(to: call, status)
        case .refused(let refusal):
            return answer(Problem(refusal, ticket: call.operation.ticket, of: id, limits: limits))
        case .finished(let finished):
            return answer {
                $0.field("conversation_id", id.string)
                $0.field("removed", finished.removed)
                if !finished.removed { $0.field("reason", Self.notQueued) }
                $0.field("now_serving", finished.nowServing)
                $0.field("is_someone_waiting", finished.isSomeoneWaiting)
            }
        case .cleanedUp(let cleaned):
            return answer {
                $0.field("conversation_id", id.string)
                $0.field("removed", cleaned.removed)
                if !cleaned.removed, call.operation.ticket != nil { $0.field("reason", Self.notQueued) }
                $0.field("deleted", cleaned.deleted)
                $0.field("is_someone_waiting", cleaned.isSomeoneWaiting)
            }
        case .waiting(let waiting):
            return answer {
                $0.field("conversation_id", id.string)
                $0.field("is_someone_waiting", waiting.isSomeoneWaiting)
                $0.field("waiting", Int64(waiting.waiting))
                $0.field("now_serving", waiting.nowServing)
            }
        case .lock(let lock, let isNew): return answer(isNew ? 201 : 200) { $0.fields(of: lock, clock) }
        case .noLock:
            return answer(Problem(.lockNotFound, "the conversation \(quoted(id.string)) has no lock"))
        case .deleted(let tickets):
            return answer {
                $0.field("conversation_id", id.string)
                $0.field("deleted", tickets != nil)
            }
        case .page(let page): return answer { $0.fields(of: page, clock) }
        case .withdrawn: preconditionFailure("no request asks for it")
        }
    }

    private func response(to call: LockCall, _ status: TicketStatus) -> Response {
        let now = present
        return answer(call.operation.takesTicket ? 201 : 200) {
            $0.fields(of: status, call.id, clock, now: now)
        }
    }
}
