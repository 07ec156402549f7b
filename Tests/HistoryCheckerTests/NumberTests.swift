import HistoryChecker
import Testing

@Suite("The history checker: numbers, tokens and what is there")
struct NumberTests {
    private let given = [
        "0 sent 1 issue_ticket lifetime=20 key=k", served(0.1, 1, 0), "0.2 sent 2 cleanup ticket=0",
        "0.3 answered 2 200 removed=true deleted=true is_someone_waiting=false",
    ]
    private let held = ["0 sent 1 issue_ticket lifetime=20 key=k", served(0.1, 1, 0)]
    private let grant = "is_locked=false expires_in=20"

    @Test("A number that is given out twice is found, and one that goes back")
    func numbers() throws {
        let again = given + ["1 sent 3 issue_ticket"]
        #expect(
            try kinds(in: again + ["2 answered 3 201 ticket=0 token=105 now_serving=0 \(grant)"]) == [
                .numberRepeats
            ])
        #expect(try kinds(in: again + ["2 answered 3 201 ticket=1 token=105 now_serving=1 \(grant)"]) == [])
        let back = again + [served(2, 3, 1), "3 sent 4 issue_ticket"]
        #expect(
            try kinds(in: back + ["4 answered 4 201 ticket=-1 token=109 is_locked=true"]).contains(
                .numberGoesBack))
    }

    @Test("Two requests are never given one ticket, unless they have one key")
    func oneTicketTwice() throws {
        let other = held + ["1 sent 3 issue_ticket key=other", served(1.1, 3, 0, 19)]
        #expect(try kinds(in: other) == [.numberRepeats])
        #expect(try kinds(in: held + ["1 sent 3 issue_ticket key=k", served(1.1, 3, 0, 19)]) == [])
    }

    @Test("A key from before all was forgotten may give its old ticket; another request may not get it")
    func keyOfOldEra() throws {
        let before = [
            "0 sent 1 issue_ticket key=k", served(0.1, 1, 0), "0.2 fault numbers_forgotten",
            "0.3 sent 2 issue_ticket", waiting(0.4, 2, 1, behind: 0),
        ]
        #expect(try kinds(in: before + ["0.5 sent 3 issue_ticket key=k", served(0.6, 3, 0)]) == [])
        #expect(
            try kinds(in: before + ["0.5 sent 3 issue_ticket key=other", served(0.6, 3, 0)])
                .contains(.numberGoesBack))
    }

    @Test("A ticket may be gone when the time is over for which its extension asked, and not before")
    func extendedToItsEnd() throws {
        let held = ["0 sent 1 issue_ticket lifetime=20", served(0.1, 1, 0)]
        let extended = held + ["1 sent 2 extend ticket=0 lifetime=2"]
        #expect(try kinds(in: extended + ["4 answered 2 410 code=ticket_gone"]) == [])
        #expect(try kinds(in: extended + ["2 answered 2 410 code=ticket_gone"]) == [.answerLost])
    }

    @Test(
        "An extension may be refused that was done, when its ticket was finished before the answer was written"
    )
    func finishedBeforeTold() throws {
        let held = ["0 sent 1 issue_ticket lifetime=2", served(0.1, 1, 0, 2)]
        let extended = held + ["1 sent 2 extend ticket=0 lifetime=20", "3 sent 3 finish_serving ticket=0"]
        let removed = "5 written 3 200 removed=true now_serving=0 is_someone_waiting=false"
        #expect(try kinds(in: extended + ["5 written 2 410 code=ticket_gone", removed]) == [])
        #expect(try kinds(in: held + ["3 sent 3 finish_serving ticket=0", removed]) == [.cameBack])
    }

    @Test("Who asks for a lock that is not there keeps no number from being forgotten")
    func askedInVain() throws {
        var options = HistoryOptions()
        options.numberRetention = .seconds(10)
        let history = [
            "0 sent 1 issue_ticket", served(0.1, 1, 0), "0.2 sent 2 cleanup ticket=0",
            "0.3 answered 2 200 removed=true deleted=true is_someone_waiting=false",
        ]
        let inVain = [
            "8 sent 3 is_waiting", "8.1 answered 3 200 is_someone_waiting=false waiting=0 now_serving=0",
        ]
        let again = [
            "11 sent 4 issue_ticket", "11.1 answered 4 201 ticket=0 token=900 is_locked=false now_serving=0",
        ]
        #expect(try kinds(in: history + inVain + again, options) == [])
        let created = ["8 sent 3 put_lock", "8.1 answered 3 200"]
        #expect(try kinds(in: history + created + again, options).contains(.numberRepeats))
    }

    @Test("A repeated request may be given the ticket that was taken when its key was first sent")
    func repeated() throws {
        let first = [
            "0 sent 1 issue_ticket key=k", "0.1 lost 1", "0.2 sent 2 issue_ticket", served(0.3, 2, 1),
        ]
        let ticket = "0.5 answered 3 201 ticket=0 token=100 is_locked=true"
        #expect(
            try kinds(in: first + ["0.4 sent 3 issue_ticket key=k", ticket]).contains(.numberGoesBack)
                == false)
        #expect(
            try kinds(in: first + ["0.4 sent 3 issue_ticket key=other", ticket]).contains(.numberGoesBack))
    }

    @Test("A number may begin anew when it is retained no more, a token never")
    func retention() throws {
        let late = given + ["3600.3 sent 3 issue_ticket"]
        #expect(
            try kinds(in: late + ["3600.4 answered 3 201 ticket=0 token=105 now_serving=0 \(grant)"]) == [])
        #expect(
            try kinds(in: late + ["3600.4 answered 3 201 ticket=0 token=100 now_serving=0 \(grant)"]) == [
                .tokenGoesBack
            ])
        let early = given + ["3600.1 sent 3 issue_ticket"]
        #expect(
            try kinds(in: early + ["3600.15 answered 3 201 ticket=0 token=105 now_serving=0 \(grant)"]) == [
                .numberRepeats
            ])
    }

    @Test("A token that does not grow is found, also after a loss of state", arguments: [100, 101])
    func tokens(token: Int) throws {
        let wrong = token == 100 ? [Finding.Kind.tokenGoesBack] : []
        let next = "2 answered 3 201 ticket=1 token=\(token) now_serving=1 \(grant)"
        #expect(try kinds(in: given + ["1 sent 3 issue_ticket", next]) == wrong)
        #expect(try kinds(in: given + ["0.9 fault state_lost", "1 sent 3 issue_ticket", next]) == wrong)
        #expect(
            try kinds(in: given + ["0.9 fault failed_over seconds=9", "1 sent 3 issue_ticket", next]) == wrong
        )
        #expect(try kinds(in: given + ["0.9 fault tokens_lost", "1 sent 3 issue_ticket", next]) == [])
    }

    @Test("Tokens that do not grow with the numbers of answers that crossed are found")
    func crossing() throws {
        let sent = ["0 sent 1 issue_ticket", "0 sent 2 issue_ticket", served(1, 1, 0)]
        #expect(
            try kinds(in: sent + ["1.1 answered 2 201 ticket=1 token=99 is_locked=true"]) == [.tokenGoesBack])
        #expect(try kinds(in: sent + ["1.1 answered 2 201 ticket=1 token=101 is_locked=true"]) == [])
    }

    @Test("A number that is skipped though nobody can have taken it is found")
    func skipped() throws {
        let refused = [
            "1 sent 3 issue_ticket", "1.1 answered 3 503 code=store_unavailable", "2 sent 4 issue_ticket",
        ]
        let next = "2.1 answered 4 201 ticket=2 token=102 now_serving=2 \(grant)"
        #expect(try kinds(in: given + refused + [next]) == [.numberSkips])
        let lost = ["1 sent 3 issue_ticket", "1.1 lost 3", "2 sent 4 issue_ticket"]
        #expect(try kinds(in: given + lost + [next]) == [])
    }

    @Test(
        "A ticket that was told and is not there is an answer lost",
        arguments: [
            ["1 sent 3 wait ticket=0", "1.1 answered 3 410 code=ticket_gone"],
            ["1 sent 3 extend ticket=0 token=100", "1.1 answered 3 409 code=token_mismatch"],
            ["1 sent 3 finish_serving ticket=0", "1.1 answered 3 200 removed=false"],
            ["1 sent 3 is_waiting", "1.1 answered 3 200 is_someone_waiting=false waiting=0 now_serving=0"],
            ["1 sent 3 cleanup", "1.1 answered 3 200 removed=false deleted=true"],
            ["1 sent 3 get_lock", "1.1 answered 3 404 code=lock_not_found"],
            ["1 sent 3 get_lock", "1.1 answered 3 200"],
            ["1 sent 3 put_lock", "1.1 answered 3 201"],
            ["1 sent 3 delete_lock", "1.1 answered 3 200 deleted=false"],
            ["1 sent 3 issue_ticket key=k", waiting(1.1, 3, 1, behind: 0)],
        ])
    func lost(lines: [String]) throws {
        let found = try kinds(in: held + lines)
        #expect(found.first == .answerLost)
        // Long after it may have expired it need not be there.
        let late = lines.map { line in
            let words = line.split(separator: " ", maxSplits: 1)
            return "\((Double(words[0]) ?? 0) + 30) \(words[1])"
        }
        #expect(try kinds(in: held + late) == [])
        #expect(try kinds(in: held + ["0.5 fault power_lost"] + lines) == [])
    }

    @Test("A number that was issued is never said not to have been, however long it is gone")
    func neverIssued() throws {
        let lines = ["1000 sent 3 extend ticket=0", "1000.1 answered 3 404 code=ticket_not_found"]
        #expect(try kinds(in: given + lines) == [.answerLost])
        #expect(try kinds(in: given + ["5 fault power_lost"] + lines) == [])
    }

    @Test("An extension that is forgotten is found, unless another one is open")
    func extensionLost() throws {
        let extended =
            held + [
                "1 sent 3 extend ticket=0 lifetime=100", "1.1 answered 3 200 expires_in=100 is_locked=false",
            ]
        let read = [
            "2 sent 4 get_lock", "2.1 listed 4 ticket=0 token=100 expires_at=20050000000",
            "2.1 answered 4 200",
        ]
        #expect(try kinds(in: extended + read) == [.answerLost])
        #expect(
            try kinds(in: extended + ["1.5 sent 5 extend ticket=0 lifetime=30", "1.6 lost 5"] + read) == [])
        #expect(try kinds(in: held + read) == [])
    }

    @Test("Nothing was changed, it was said, and something was")
    func changed() throws {
        let refused =
            held + ["1 sent 3 finish_serving ticket=0", "1.1 answered 3 503 code=store_unavailable"]
        let gone = ["2 sent 4 wait ticket=0", "2.1 answered 4 410 code=ticket_gone"]
        let found = try findings(in: refused + gone)
        #expect(found.map(\.kind) == [.changed])
        #expect(found.first?.text.hasSuffix("here it is gone. Line 4 says that nothing was changed") == true)
        let unknown = held + ["1 sent 3 finish_serving ticket=0", "1.1 answered 3 503 code=outcome_unknown"]
        #expect(try kinds(in: unknown + gone) == [])
    }

    @Test("A finished ticket that comes back is found, and one that had expired")
    func back() throws {
        let read = ["1 sent 3 get_lock", "1.1 listed 3 ticket=0 token=100", "1.1 answered 3 200"]
        #expect(try kinds(in: given + read) == [.cameBack])
        #expect(try kinds(in: given + ["0.9 fault power_lost"] + read) == [])
        let twice = given + ["1 sent 3 finish_serving ticket=0", "1.1 answered 3 200 removed=true"]
        #expect(try kinds(in: twice) == [.cameBack])
        let late = "200 ticket=0 token=100 is_locked=false now_serving=0 expires_in=1"
        #expect(
            try kinds(in: held + ["21 sent 3 wait ticket=0", "21.1 answered 3 \(late)"]).first == .cameBack)
        #expect(
            try kinds(in: held + ["20 sent 3 wait ticket=0", "20.1 answered 3 \(late)"]).first != .cameBack)
    }
}
