import HistoryChecker
import Support
import TicketLock

/// What comes of the requests, and callers that wait.
extension RulesPlay {
    mutating func settle(_ request: HistoryRequest, _ result: Result<TicketStatus, Refusal>) {
        switch result {
        case .failure(let refusal): answer(request, refusal)
        case .success(let status):
            let waits = request.operation == .wait || request.operation == .acquire
            guard waits, status.isLocked, !(wrong == .grantsAtOnce && isWrongNow) else {
                return answer(request, status, isGranted: waits)
            }
            table.watch(status.number, for: request.id)
            parked[status.token, default: []].append(request)
            let id = request.request
            // Some hang up.
            let hangsUp = random.chance(0.1)
            let timeout = request.timeout ?? .zero
            let after = hangsUp ? min(timeout, milliseconds(0..<500)) : timeout
            schedule(after) { $0.leave(id, status.token, hangsUp: hangsUp) }
        }
    }

    /// A caller waits no more.
    mutating func leave(_ number: Int64, _ token: FencingToken, hangsUp: Bool) {
        guard let index = parked[token]?.firstIndex(where: { $0.request == number }),
            let request = parked[token]?.remove(at: index)
        else { return }
        if hangsUp { add(.lost(request: number, isDone: nil)) }
        guard request.operation == .acquire else {
            let ticket = request.ticket ?? 0
            if !hangsUp {
                settleNow(request, table.status(of: ticket, token: token, for: request.id, now: now))
            }
            return wake()
        }
        for ticket in table.lock(for: request.id, now: now)?.tickets ?? [] where ticket.token == token {
            table.withdraw(ticket.number, token: token, for: request.id, now: now)
        }
        if !hangsUp { answer(request, Refusal.acquireTimeout) }
        wake()
    }

    mutating func settleNow(_ request: HistoryRequest, _ result: Result<TicketStatus, Refusal>) {
        switch result {
        case .failure(let refusal): answer(request, refusal)
        case .success(let status): answer(request, status, isGranted: false)
        }
    }

    /// Tells those whose turn has come.
    mutating func wake() {
        for id in Self.ids { _ = table.waiting(for: id, now: now) }
        for event in table.takeEvents() {
            if wrong == .wakesNobody, random.chance(0.1) { continue }
            switch event {
            case .served(let status):
                for request in parked.removeValue(forKey: status.token) ?? [] {
                    answer(request, status, isGranted: true)
                }
            case .ended(let token, let reason):
                for request in parked.removeValue(forKey: token) ?? [] {
                    answer(request, request.operation == .acquire ? .acquireTimeout : .gone(reason))
                }
            }
        }
        guard let due = table.nextDeadline, due > now, due - now < .seconds(3), due < wakes || wakes <= now
        else {
            return
        }
        wakes = due
        agenda.append((due, { $0.wake() }))
    }

    mutating func answer(_ request: HistoryRequest, _ refusal: Refusal) {
        var answer = HistoryAnswer(request.request, status: 410)
        switch refusal {
        case .gone: answer.code = "ticket_gone"
        case .neverIssued: (answer.status, answer.code) = (404, "ticket_not_found")
        case .tokenMismatch: (answer.status, answer.code) = (409, "token_mismatch")
        case .acquireTimeout: (answer.status, answer.code) = (423, "acquire_timeout")
        default: (answer.status, answer.code) = (422, "idempotency_key_reused")
        }
        send(answer)
    }

    mutating func answer(_ request: HistoryRequest, _ status: TicketStatus, isGranted: Bool) {
        let takes = request.operation == .issueTicket || request.operation == .acquire
        var answer = HistoryAnswer(request.request, status: takes ? 201 : 200)
        (answer.ticket, answer.token, answer.nowServing) = (status.number, status.token, status.nowServing)
        answer.isLocked = status.isLocked
        if isGranted, wrong == .grantsAtOnce { (answer.isLocked, answer.nowServing) = (false, status.number) }
        answer.expiresIn = status.expires - now
        if random.chance(0.5) { answer.expiresAt = status.expires }
        told.append((request.id, status.number, status.token))
        send(answer)
    }

    mutating func send(_ answer: HistoryAnswer) {
        schedule(milliseconds(0..<60)) { $0.add(.answered(answer)) }
    }
}
