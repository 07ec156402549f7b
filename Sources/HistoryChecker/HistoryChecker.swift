package import TicketLock

/// Reads what clients asked and were told, and says what cannot be true of one ticket lock service.
///
/// An operation took effect at one moment between its request's being sent and its answer's being read (or written);
/// which, nobody knows. What is reported is wrong for *every* choice of these moments, so a finding is a fault of the
/// daemon (or of the recorder), never bad luck. What follows:
///
/// - **Two holders.** Ticket A was told that it is served by line a. It is certainly still served at a later moment
///   if it cannot have expired (its expiry counted from the earliest moment that its answers allow), and no request
///   that may end it was sent. If B is told that it is served meanwhile, then there were two: B's whole request lies
///   in A's time, or B itself is certainly alive at the moment of its answer.
/// - **Order.** The same, with an A that waits and has a lower number than B; and a ticket seen in the queue, by a
///   request sent after one above it was at the head.
/// - **Numbers and tokens** are above all that were told before the request was sent; among the tickets that are
///   remembered, tokens grow with the numbers. Between two answers no more numbers are given than were asked for.
/// - **Lost**: an answer says that a ticket is not there that was certainly there from before its request to after
///   its answer. **Something was changed** is the same where an answer had said that nothing was.
/// - **Came back**: an answer shows a ticket that was certainly gone, finished or expired, before the request.
/// - **Forgotten**: no answer within the timeout and ``HistoryOptions/answerBound``, or within
///   ``HistoryOptions/handOverBound`` of the moment at which the ticket was certainly at the head, or gone.
///
/// Memory: some hundred bytes for a conversation, and what is open or alive. Conversations that have no ticket and were
/// not named for `number_retention` are forgotten when there are many.
package struct HistoryChecker: ~Copyable {
    /// A request without an answer.
    struct OpenRequest {
        let sent: HistoryRequest
        let at: Instant
        let line: Int
        let conversation: Conversation
        /// What had happened by when it was sent.
        let floor: Conversation.Floor
        /// What had happened when its key was first sent: the ticket may be as old as that.
        let oldestFloor: Conversation.Floor
        let era: Int
        var listed: [ListedTicket] = []
    }

    let options: HistoryOptions
    /// The first ``HistoryOptions/findingsMax`` of them.
    package private(set) var findings: [Finding] = []
    package private(set) var findingCount = 0
    /// How often a ticket's caller was told that it is served: how much was tested.
    package internal(set) var turnCount = 0
    package private(set) var requestCount = 0
    package private(set) var line = 0

    private var started: Instant?
    var now = Instant(nanoseconds: .min)
    var conversations: [ConversationID: Conversation] = [:]
    var open: [Int64: OpenRequest] = [:]
    /// Requests sent before that are judged by their tokens alone.
    var forgivenUntil = Instant(nanoseconds: .min)
    /// The tokens given to requests sent before are not judged.
    var tokensForgivenUntil = Instant(nanoseconds: .min)
    /// Nothing could be done until then; nil while nothing can be done.
    var availableSince: Instant? = Instant(nanoseconds: .min)
    private var sweepAt = 100_000

    package init(_ options: HistoryOptions = HistoryOptions()) {
        self.options = options
    }

    /// Takes the next event. Moments must not go back.
    ///
    /// - Parameter line: where it stands; nil for one after the last.
    package mutating func take(
        _ event: HistoryEvent, at moment: Instant, line: Int? = nil
    ) throws(HistoryError) {
        self.line = line ?? self.line + 1
        guard moment >= now else { throw error("its moment is before the one of the line before it") }
        now = moment
        if started == nil { started = moment }
        switch event {
        case .sent(let request): try send(request)
        case .answered(let answer): try judge(answer, isWritten: false)
        case .written(let answer): try judge(answer, isWritten: true)
        case .lost(let request, let isDone): try lose(request, isDone: isDone)
        case .listed(let ticket):
            guard open[ticket.request] != nil else { throw unknown(ticket.request) }
            open[ticket.request]?.listed.append(ticket)
        case .fault(let fault): take(fault)
        case .end: end()
        }
    }

    /// Judges what was not answered until now. Call it once, after the last event.
    package mutating func end() {
        for request in open.values.sorted(by: { $0.sent.request < $1.sent.request }) {
            judgeDelay(of: request, ticket: request.sent.ticket, isOver: false)
        }
        open = [:]
    }

    private mutating func send(_ sent: HistoryRequest) throws(HistoryError) {
        guard open[sent.request] == nil else { throw error("request \(sent.request) is open already") }
        requestCount += 1
        let conversation: Conversation
        if let known = conversations[sent.id] {
            conversation = known
        } else {
            if conversations.count >= sweepAt { sweep() }
            conversation = Conversation(sent.id)
            conversations[sent.id] = conversation
        }
        open[sent.request] = OpenRequest(
            sent: sent, at: now, line: line, conversation: conversation, floor: conversation.floor,
            oldestFloor: conversation.floor(ofKey: sent, at: now, kept: options.numberRetention),
            era: conversation.era)
        conversation.openRequests += 1
        if let intent = intent(of: sent) { conversation.intents.append(intent) }
        guard sent.operation.takes else { return }
        conversation.untoldIssues += 1
        conversation.openIssues += 1
        conversation.ceiling? += 1
    }

    /// What a request may do to tickets that are known.
    private func intent(of sent: HistoryRequest) -> Intent? {
        switch sent.operation {
        case .finishServing, .cleanUp:
            guard let number = sent.ticket else { return nil }
            return Intent(request: sent.request, sent: now, effect: .ends, number: number, token: sent.token)
        case .deleteLock: return Intent(request: sent.request, sent: now, effect: .ends)
        case .extend, .watch:
            guard let number = sent.ticket, sent.operation == .extend || sent.lifetime != nil else {
                return nil
            }
            let lifetime = sent.lifetime ?? options.defaultLifetime
            return Intent(
                request: sent.request, sent: now, effect: .expiry(lifetime - options.clockTolerance),
                number: number, token: sent.token)
        case .issueTicket, .acquire:
            guard sent.replaces else { return nil }
            return Intent(request: sent.request, sent: now, effect: .ends, replaces: true)
        case .wait, .isWaiting, .getLock, .putLock: return nil
        }
    }

    private mutating func lose(_ number: Int64, isDone: Bool?) throws(HistoryError) {
        let request = try close(number)
        judgeDelay(of: request, ticket: request.sent.ticket, isOver: true)
        if isDone == false { undo(request) }
    }

    /// Takes a request out of those that are open.
    mutating func close(_ number: Int64) throws(HistoryError) -> OpenRequest {
        guard let request = open.removeValue(forKey: number) else { throw unknown(number) }
        request.conversation.openRequests -= 1
        if request.sent.operation.takes { request.conversation.openIssues -= 1 }
        return request
    }

    /// A request turned out to change nothing.
    func undo(_ request: OpenRequest) {
        request.conversation.settle(request.sent.request)
        guard request.sent.operation.takes else { return }
        request.conversation.untoldIssues -= 1
        request.conversation.ceiling? -= 1
    }

    /// Forgets the conversations whose numbers may be forgotten.
    private mutating func sweep() {
        let oldest = Instant(nanoseconds: now.nanoseconds - options.numberRetention.nanoseconds)
        conversations = conversations.filter { _, conversation in
            conversation.openRequests > 0 || conversation.touched > oldest
                || conversation.tickets.contains { (conversation.goneBy($0) ?? .never) > now }
        }
        sweepAt = max(100_000, 2 * conversations.count)
    }

    // MARK: What is said

    mutating func find(_ kind: Finding.Kind, _ conversation: Conversation, _ text: String) {
        findingCount += 1
        guard findings.count < options.findingsMax else { return }
        findings.append(
            Finding(kind: kind, line: line, at: since(now), id: conversation.id, text: text))
    }

    /// A moment, counted from the first line's.
    func since(_ moment: Instant) -> Duration { moment - (started ?? moment) }

    func shown(_ moment: Instant) -> String { shownSeconds(since(moment)) }

    func error(_ text: String) -> HistoryError { HistoryError(line: line, text: text) }

    private func unknown(_ request: Int64) -> HistoryError {
        error("request \(request) was not sent, or has its answer already")
    }
}
