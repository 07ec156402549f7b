import Testing

@Suite("The checker of turns")
struct TurnHistoryTests {
    private let right: [TurnHistory.Turn] = [
        turn(0, 1.0, 1.5), turn(1, 1.5, 1.6), turn(3, 2.0, 2.25), turn(0, 1.2, 1.3, of: "grace"),
    ]

    private static func turn(
        _ number: Int, _ told: Double, _ ended: Double, of conversation: String = "ada", token: Int? = nil
    ) -> TurnHistory.Turn {
        TurnHistory.Turn(
            given: TurnHistory.Given(
                conversation: conversation, number: number, token: token ?? 100 + number),
            told: told, ended: ended, client: number)
    }

    private func violations(_ turns: [TurnHistory.Turn], calls: [TurnHistory.Call] = []) -> [String] {
        let history = TurnHistory(given: turns.map(\.given), turns: turns, calls: calls)
        return history.violations(answerSlack: 1, idleMax: 1)
    }

    @Test("A history that can be has no violation, also when a ticket was told twice")
    func fine() {
        #expect(violations(right) == [])
        #expect(violations(right + [Self.turn(1, 1.52, 1.6)]) == [])
    }

    @Test("Two holders at once are found, though one was told of its ticket twice")
    func overlap() {
        #expect(violations(right + [Self.turn(4, 2.2, 2.3)]).count == 1)
        #expect(violations(right + [Self.turn(1, 1.55, 2.1)]).first?.hasPrefix("two holders of ada") == true)
    }

    @Test("A ticket that is served before one with a lower number is found")
    func order() {
        #expect(violations(right + [Self.turn(2, 3, 3.1)]) == ["ada: ticket 2 was served after ticket 3"])
    }

    @Test("A number with two tokens is found, and a token that is not above the one before")
    func numbers() {
        let found = violations(right + [Self.turn(0, 0.1, 0.2, token: 99)])
        #expect(found.contains("ada, number 0 was given out twice"))
        let low = violations(right + [Self.turn(4, 3, 3.1, token: 103)])
        #expect(low.contains("ada: ticket 4 has token 103, ticket 3 has 103"))
    }

    @Test("A call that is answered too late is found, and one that waits while nobody is served")
    func waiting() {
        let late = TurnHistory.Call(
            conversation: "grace", began: 0, ended: 4.5, timeout: 3, description: "acquire")
        #expect(violations(right, calls: [late]).count == 1)
        let turns = right + [Self.turn(5, 9, 9.1)]
        let waited = TurnHistory.Call(
            conversation: "ada", began: 2.2, ended: 9, timeout: 10, description: "acquire")
        #expect(violations(turns, calls: [waited]).count == 1)
        #expect(violations(turns) == [])
    }
}
