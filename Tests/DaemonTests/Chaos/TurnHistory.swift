/// What clients of several daemons were told, and whether it can be true of one lock service.
///
/// Moments are seconds of the wall clock, which all processes of a machine share. Only a history is looked at: it
/// knows nothing of how the tickets were got.
struct TurnHistory: Sendable {
    /// A ticket that somebody was given.
    struct Given: Sendable {
        let conversation: String
        let number: Int
        let token: Int
    }

    /// A ticket that somebody was told is being served, and held.
    struct Turn: Sendable {
        let given: Given
        /// When the answer was read: the holder works from then on.
        let told: Double
        /// When it stopped working: before it finished, at the ticket's expiry, or when it died.
        var ended: Double
        let client: Int
    }

    /// A call of acquire or wait that was answered, or not.
    struct Call: Sendable {
        let conversation: String
        let began: Double
        let ended: Double
        /// How long the caller asked to wait.
        let timeout: Double
        let description: String
    }

    /// What a client was told that cannot be.
    var contradictions: [String] = []
    var given: [Given] = []
    var turns: [Turn] = []
    var calls: [Call] = []

    mutating func add(_ other: TurnHistory) {
        contradictions += other.contradictions
        given += other.given
        turns += other.turns
        calls += other.calls
    }

    /// What is wrong with it, a sentence for each.
    ///
    /// - Parameters:
    ///   - answerSlack: how much longer than its timeout a call may take, with daemons dying and Redis pausing.
    ///   - idleMax: how long a conversation that somebody waits for may go without a turn: its queue may hold the
    ///     tickets of the dead, each until it expires.
    func violations(answerSlack: Double, idleMax: Double) -> [String] {
        let byConversation = Dictionary(grouping: turns) { $0.given.conversation }
        return contradictions + numbersGivenTwice + tokensThatDoNotGrow
            + byConversation.sorted { $0.key < $1.key }.flatMap {
                let turns = Self.merged($0.value)
                return Self.overlaps(turns) + Self.outOfOrder(turns)
                    + idle($0.key, turns, idleMax: idleMax)
            }
            + calls.filter { $0.ended - $0.began > $0.timeout + answerSlack }.map {
                "forgotten: \($0.description) was answered after \($0.ended - $0.began) s"
            }
    }

    /// One ticket that was told twice, for a repeated request, is one turn.
    private static func merged(_ turns: [Turn]) -> [Turn] {
        Dictionary(grouping: turns) { $0.given.token }.values.compactMap { same in
            guard var first = same.min(by: { $0.told < $1.told }) else { return nil }
            first.ended = same.map(\.ended).max() ?? first.ended
            return first
        }.sorted { $0.told < $1.told }
    }

    private static func overlaps(_ turns: [Turn]) -> [String] {
        zip(turns, turns.dropFirst()).filter { $1.told < $0.ended }.map {
            "two holders of \($0.given.conversation): client \($0.client) with ticket \($0.given.number) until"
                + " \($0.ended), client \($1.client) with ticket \($1.given.number) from \($1.told)"
        }
    }

    private static func outOfOrder(_ turns: [Turn]) -> [String] {
        zip(turns, turns.dropFirst()).filter { $1.given.number <= $0.given.number }.map {
            "\($0.given.conversation): ticket \($1.given.number) was served after ticket \($0.given.number)"
        }
    }

    private var numbersGivenTwice: [String] {
        Dictionary(grouping: given) { "\($0.conversation), number \($0.number)" }.filter {
            Set($0.value.map(\.token)).count > 1
        }.map { "\($0.key) was given out twice" }.sorted()
    }

    private var tokensThatDoNotGrow: [String] {
        Dictionary(grouping: given, by: \.conversation).flatMap { conversation, tickets in
            let ordered = tickets.sorted { ($0.number, $0.token) < ($1.number, $1.token) }
            return zip(ordered, ordered.dropFirst()).filter {
                $0.number < $1.number && $0.token >= $1.token
            }.map {
                "\(conversation): ticket \($1.number) has token \($1.token), ticket \($0.number) has \($0.token)"
            }
        }
    }

    /// Spans without a turn in which one and the same call was waiting all the time.
    private func idle(_ conversation: String, _ turns: [Turn], idleMax: Double) -> [String] {
        let waiting = calls.filter { $0.conversation == conversation }
        return zip(turns, turns.dropFirst()).filter { one, next in
            next.told - one.ended > idleMax
                && waiting.contains { $0.began <= one.ended && $0.ended >= next.told }
        }.map {
            "\(conversation): nobody was served from \($0.ended) to \($1.told), though a caller waited"
        }
    }
}
