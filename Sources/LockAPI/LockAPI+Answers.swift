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

    /// A ticket that was taken is given to nobody else, so it is taken back when the client is not told of it. With a
    /// key the caller of issue-ticket comes back for it; without one nobody could finish it.
    private func response(to call: LockCall, _ status: TicketStatus) -> Response {
        let now = present
        let body = body { $0.fields(of: status, call.id, clock, now: now) }
        switch call.operation {
        case .acquire: return TicketResponse(body, status, of: call.id, in: store, delivery: .asked)
        case .issueTicket(_, nil):
            return TicketResponse(body, status, of: call.id, in: store, delivery: .takenBack)
        default: return Response(status: call.operation.takesTicket ? 201 : 200, body: body)
        }
    }
}

/// Gives a ticket out, and takes it back if its caller cannot be told of it.
private final class TicketResponse: Response, @unchecked Sendable {
    private let withdrawal: LockCall
    private let store: any LockStore

    init(
        _ body: [UInt8], _ status: TicketStatus, of id: ConversationID, in store: any LockStore,
        delivery: Delivery
    ) {
        withdrawal = LockCall(.withdraw(status.number, status.token), for: id)
        self.store = store
        super.init(status: 201, body: body, delivery: delivery)
    }

    override func takeBack() {
        Task.immediate { [store, withdrawal] in
            // A store that cannot be reached now lets the ticket expire instead.
            _ = try? await store.perform(withdrawal)
        }
    }
}
