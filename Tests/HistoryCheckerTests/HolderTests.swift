import HistoryChecker
import Testing

/// Each broken history stands beside the nearest one that is right.
@Suite("The history checker: holders and order")
struct HolderTests {
    private let first = ["0 sent 1 acquire lifetime=20", served(0.1, 1, 0), "1 sent 2 acquire lifetime=20"]

    @Test("Two holders at one moment are found, in words")
    func twoHolders() throws {
        let found = try findings(in: first + [served(2, 2, 1)])
        #expect(
            found.map(\.description) == [
                #"line 4, at 2 s: two holders in "ada": ticket 0 was told at line 2 that it is served, nobody asked to"#
                    + " end it and it does not expire before 19.999 s; ticket 1 is served here"
            ])
    }

    @Test(
        "A holder that may have finished, gone or expired by then excludes nobody",
        arguments: [
            ["1.5 sent 3 finish_serving ticket=0 token=100", served(1.6, 2, 1)],
            ["1.5 sent 3 cleanup ticket=0", "1.6 lost 3", served(1.7, 2, 1)],
            ["1.5 sent 3 delete_lock", served(1.6, 2, 1)],
            ["1.5 sent 3 extend ticket=0 lifetime=0.1", served(1.65, 2, 1)],
            [served(20.05, 2, 1)],
            ["1.5 fault state_lost", "1.6 lost 2", "1.7 sent 3 acquire", served(1.8, 3, 1)],
            ["1.5 fault failed_over seconds=5", served(1.6, 2, 1)],
            ["1.5 fault clock_jumped", served(1.6, 2, 1)],
        ])
    func notTwo(rest: [String]) throws {
        var patient = HistoryOptions()
        patient.handOverBound = .seconds(100)
        #expect(try kinds(in: first + rest, patient) == [])
    }

    @Test(
        "A finish that changes nothing, one with another token and a longer lifetime leave the holder",
        arguments: [
            [
                "1.5 sent 3 finish_serving ticket=0", "1.6 answered 3 503 code=store_unavailable",
                served(1.7, 2, 1),
            ],
            ["1.5 sent 3 finish_serving ticket=0 token=7", served(1.7, 2, 1)],
            ["1.5 sent 3 finish_serving ticket=0 token=100", "1.6 lost 3 done=false", served(1.7, 2, 1)],
            [
                "19 sent 3 extend ticket=0 lifetime=10",
                "19.1 answered 3 200 expires_in=10 is_locked=false now_serving=0",
                served(20.5, 2, 1),
            ],
            ["1.5 fault power_lost", "1.6 sent 3 acquire lifetime=20", served(1.7, 3, 2)],
        ])
    func stillTwo(rest: [String]) throws {
        #expect(try kinds(in: first + rest) == [.twoHolders])
    }

    @Test("Two requests under way at once, answered in the other order, are two holders as well")
    func concurrent() throws {
        let both = ["0 sent 1 acquire", "0 sent 2 acquire", served(1, 2, 1), served(1.1, 1, 0)]
        #expect(try kinds(in: both) == [.twoHolders])
    }

    @Test("An answer that is read late, when its ticket is over, is not a second holder")
    func readLate() throws {
        let late = [
            "0 sent 1 acquire lifetime=1", "1.2 sent 2 acquire lifetime=5", served(1.3, 2, 1, 5),
            served(1.5, 1, 0, 1),
        ]
        #expect(try kinds(in: late) == [])
        #expect(try kinds(in: late.dropLast() + [served(1.5, 1, 0, 9)]) == [.twoHolders])
    }

    @Test("Where it is known when the ticket expires, a holder that waited long is judged exactly")
    func expiresAt() throws {
        let waited = [
            "0 sent 1 acquire lifetime=1", served(5, 1, 0, 1) + " expires_at=6000000000",
            "5.1 sent 2 acquire",
        ]
        #expect(try kinds(in: waited + [served(5.9, 2, 1)]) == [.twoHolders])
        #expect(try kinds(in: waited + [served(6.1, 2, 1)]) == [])
    }

    @Test("A grant that was over when it was written is found; one that was only read too late is not")
    func over() throws {
        let sent = ["0 sent 1 acquire lifetime=1"]
        let expires = " expires_at=1000000000"
        #expect(
            try kinds(in: sent + [served(4, 1, 0, 0.5, event: "written") + expires]) == [.overWhenWritten])
        #expect(try kinds(in: sent + [served(4, 1, 0, 0.5) + expires]) == [])
        #expect(try kinds(in: sent + [served(0.5, 1, 0, 0.5, event: "written") + expires]) == [])
        #expect(
            try kinds(in: sent + [served(0.5, 1, 0, 1, event: "written") + expires]) == [.overWhenWritten])
        #expect(try kinds(in: sent + [served(0.5, 1, 0, 0)]) == [.overWhenWritten])
    }

    @Test("A grant that is written after its ticket was finished is found")
    func finishedBefore() throws {
        let lines = [
            "0 sent 1 issue_ticket", served(0.1, 1, 0), "1 sent 2 wait ticket=0",
            "1.1 sent 3 cleanup ticket=0",
        ]
        let gone = lines + ["1.2 answered 3 200 removed=true"]
        let grant = "200 ticket=0 is_locked=false now_serving=0"
        #expect(try kinds(in: gone + ["1.3 written 2 \(grant)"]) == [.overWhenWritten])
        #expect(try kinds(in: gone + ["1.3 answered 2 \(grant)"]) == [])
    }

    @Test("A ticket that is served before one with a lower number, which waits, is found")
    func order() throws {
        let queue = [
            "0 sent 1 issue_ticket lifetime=20", served(0.1, 1, 0), "0.2 sent 2 issue_ticket lifetime=20",
            waiting(0.3, 2, 1, behind: 0), "0.4 sent 3 acquire lifetime=20",
            "0.5 sent 4 finish_serving ticket=0",
            "0.6 answered 4 200 removed=true now_serving=1 is_someone_waiting=true",
        ]
        #expect(try kinds(in: queue + [served(0.7, 3, 2)]) == [.order])
        let finished = ["0.7 sent 5 finish_serving ticket=1", "0.8 answered 5 200 removed=true"]
        #expect(try kinds(in: queue + finished + [served(0.9, 3, 2)]) == [])
    }

    @Test("A ticket that is served or seen after one with a higher number was served is found")
    func passed() throws {
        let lines = [
            "0 sent 1 acquire", "0 sent 2 acquire lifetime=1", served(0.1, 1, 5, 0.2), "2 sent 3 acquire",
        ]
        #expect(try kinds(in: lines + [served(2.1, 3, 4)]).contains(.order))
        let read = lines + ["2.1 sent 4 get_lock", "2.2 listed 4 ticket=6 token=106", "2.2 answered 4 200"]
        #expect(try kinds(in: read) == [])
        #expect(try kinds(in: lines + [served(2.05, 3, 7)] + read.suffix(3)).contains(.order))
    }

    @Test("An answer that contradicts itself is found")
    func contradiction() throws {
        let lines = [
            "0 sent 1 issue_ticket", "1 answered 1 201 ticket=3 token=9 is_locked=false now_serving=2",
        ]
        #expect(try kinds(in: lines) == [.contradiction])
    }
}
