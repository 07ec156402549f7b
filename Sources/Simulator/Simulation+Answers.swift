import HistoryChecker
import LockStore
import TicketLock

/// What clients are told, as LockAPI would write it.
extension Simulation {
    func answered(_ call: SimulatedCall, _ result: Result<LockOutcome, LockStoreError>) {
        let request = call.request
        switch result {
        case .success(let outcome): answered(request, outcome)
        case .failure(let error):
            switch error.code {
            case .cancelled: record(.lost(request: request.request, isDone: nil))
            case .outcomeUnknown: write(problem(request, 503, "outcome_unknown"))
            default: write(problem(request, 503, "store_unavailable"))
            }
        }
    }

    private func answered(_ request: HistoryRequest, _ outcome: LockOutcome) {
        var answer = HistoryAnswer(request.request, status: 200)
        switch outcome {
        case .ticket(let status):
            clients.told(request.id, status)
            if request.operation == .issueTicket || request.operation == .acquire { answer.status = 201 }
            (answer.ticket, answer.token) = (status.number, status.token)
            (answer.isLocked, answer.nowServing) = (status.isLocked, status.nowServing)
            answer.expiresIn = status.expires - clock.now
            answer.expiresAt = moment(status.expires)
        case .finished(let finished):
            (answer.removed, answer.nowServing) = (finished.removed, finished.nowServing)
            answer.isSomeoneWaiting = finished.isSomeoneWaiting
        case .cleanedUp(let cleaned):
            (answer.removed, answer.deleted) = (cleaned.removed, cleaned.deleted)
            answer.isSomeoneWaiting = cleaned.isSomeoneWaiting
        case .waiting(let waiting):
            (answer.isSomeoneWaiting, answer.waiting) = (waiting.isSomeoneWaiting, Int64(waiting.waiting))
            answer.nowServing = waiting.nowServing
        case .lock(let lock, _):
            for ticket in lock.tickets {
                record(
                    .listed(
                        ListedTicket(
                            request.request, ticket: ticket.number, token: ticket.token,
                            expiresAt: moment(ticket.expires))))
            }
        case .noLock: answer = problem(request, 404, "lock_not_found")
        case .deleted(let tickets): answer.deleted = tickets != nil
        case .refused(let refusal): answer = self.answer(request, refusal)
        case .withdrawn, .page: preconditionFailure("no client asks for it")
        }
        write(answer)
    }

    private func answer(_ request: HistoryRequest, _ refusal: Refusal) -> HistoryAnswer {
        switch refusal {
        case .gone: problem(request, 410, "ticket_gone")
        case .neverIssued: problem(request, 404, "ticket_not_found")
        case .tokenMismatch: problem(request, 409, "token_mismatch")
        case .queueFull: problem(request, 429, "queue_full")
        case .tooManyLocks: problem(request, 429, "too_many_locks")
        case .tooManyTickets: problem(request, 429, "too_many_tickets")
        case .idempotencyKeyReused: problem(request, 422, "idempotency_key_reused")
        case .acquireTimeout: problem(request, 423, "acquire_timeout")
        case .shuttingDown: problem(request, 503, "shutting_down")
        }
    }

    private func problem(_ request: HistoryRequest, _ status: Int, _ code: String) -> HistoryAnswer {
        var answer = HistoryAnswer(request.request, status: status)
        answer.code = code
        return answer
    }

    private func write(_ answer: HistoryAnswer) { record(.written(answer)) }

    /// A moment of the machine's clock on the history's.
    private func moment(_ instant: Instant) -> Instant { clock.elapsed + (instant - clock.now) }
}
