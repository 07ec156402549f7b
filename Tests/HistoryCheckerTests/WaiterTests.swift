import HistoryChecker
import Testing

@Suite("The history checker: callers that wait")
struct WaiterTests {
    private let queue = [
        "0 sent 1 issue_ticket lifetime=20", served(0.1, 1, 0), "0.2 sent 2 issue_ticket lifetime=60",
        waiting(0.3, 2, 1, behind: 0, 60), "0.4 sent 3 wait ticket=1 timeout=30",
    ]
    private let turn = "200 ticket=1 token=101 is_locked=false now_serving=1"

    @Test("A caller that is answered long after its timeout is forgotten, and one that is never answered")
    func timeout() throws {
        let lines = ["0 sent 1 acquire timeout=2"]
        #expect(try kinds(in: lines + ["7 answered 1 423 code=acquire_timeout"]) == [])
        #expect(try kinds(in: lines + ["7.1 answered 1 423 code=acquire_timeout"]) == [.forgotten])
        #expect(try kinds(in: lines + ["7.1 end"]) == [.forgotten])
        #expect(try kinds(in: lines + ["7 end"]) == [])
        #expect(try kinds(in: ["0 sent 1 cleanup ticket=0", "5.1 lost 1"]) == [.forgotten])
    }

    @Test("A waiter that is told late that its turn has come is forgotten, however it came")
    func turnCame() throws {
        let finish = ["1 sent 4 finish_serving ticket=0", "1.1 answered 4 200 removed=true"]
        #expect(try kinds(in: queue + finish + ["3.1 answered 3 \(turn)"]) == [])
        let late = try findings(in: queue + finish + ["3.2 answered 3 \(turn)"])
        #expect(late.map(\.kind) == [.forgotten])
        #expect(
            late.first?.text
                == "wait of line 5: ticket 1 was at the head or gone at 1.1 s, and its caller hears so 2.1 s later"
        )
        #expect(try kinds(in: queue + finish + ["3.2 end"]) == [.forgotten])
        // Nobody finished: the ticket ahead has expired at 20.101 s at the latest.
        #expect(try kinds(in: queue + ["22.1 answered 3 \(turn)"]) == [])
        #expect(try kinds(in: queue + ["22.2 answered 3 \(turn)"]) == [.forgotten])
    }

    @Test("Another's answer that shows the ticket at the head counts, and so does a caller of acquire")
    func seenByOthers() throws {
        let seen = [
            "1 sent 4 finish_serving ticket=0", "1.1 lost 4", "1.2 sent 5 is_waiting",
            "1.3 answered 5 200 is_someone_waiting=true now_serving=1 waiting=0",
        ]
        #expect(try kinds(in: queue + seen + ["3.4 answered 3 \(turn)"]) == [.forgotten])
        #expect(try kinds(in: queue + seen.prefix(2) + ["3.4 answered 3 \(turn)"]) == [])
        let acquire = [
            "0 sent 1 acquire", served(0.1, 1, 0), "0.2 sent 2 acquire", "1 sent 3 cleanup ticket=0",
        ]
        let gone = acquire + ["1.1 answered 3 200 removed=true"]
        #expect(try kinds(in: gone + [served(3.2, 2, 1)]) == [.forgotten])
    }

    @Test("A waiter whose ticket is gone is told so at once")
    func gone() throws {
        let finish = ["1 sent 4 finish_serving ticket=1", "1.1 answered 4 200 removed=true"]
        #expect(try kinds(in: queue + finish + ["3.2 answered 3 410 code=ticket_gone"]) == [.forgotten])
        #expect(try kinds(in: queue + finish + ["3.0 answered 3 410 code=ticket_gone"]) == [])
    }

    @Test("While nothing can be done nobody is forgotten; the bounds count from its end")
    func unavailable() throws {
        let finish = [
            "1 sent 4 finish_serving ticket=0", "1.1 answered 4 200 removed=true", "1.2 fault unavailable",
        ]
        #expect(try kinds(in: queue + finish + ["9 end"]) == [])
        #expect(try kinds(in: queue + finish + ["9 fault available", "10 answered 3 \(turn)"]) == [])
        #expect(
            try kinds(in: queue + finish + ["9 fault available", "11.1 answered 3 \(turn)"]) == [.forgotten])
    }

    @Test("A ticket with patience is certain only as long as it would live if its lifetime began at once")
    func patience() throws {
        let lines = [
            "0 sent 1 issue_ticket lifetime=20", served(0.1, 1, 0),
            "0.2 sent 2 issue_ticket lifetime=1 patience=60",
            waiting(0.3, 2, 1, behind: 0, 60),
        ]
        let gone = "answered 3 410 code=ticket_gone"
        #expect(try kinds(in: lines + ["1 sent 3 wait ticket=1", "1.1 \(gone)"]) == [.answerLost])
        #expect(try kinds(in: lines + ["2 sent 3 wait ticket=1", "2.1 \(gone)"]) == [])
    }

    @Test("A ticket that a later one may have replaced is not missed")
    func replaced() throws {
        let lines = [
            "0 sent 1 issue_ticket lifetime=20", served(0.1, 1, 0), "0.2 sent 2 issue_ticket if_busy=replace",
            waiting(0.3, 2, 1, behind: 0), "0.4 sent 3 issue_ticket if_busy=queue",
            waiting(0.5, 3, 2, behind: 0),
            "0.6 sent 4 issue_ticket if_busy=replace", waiting(0.7, 4, 3, behind: 0),
        ]
        #expect(
            try kinds(in: lines + ["1 sent 5 wait ticket=1", "1.1 answered 5 410 code=ticket_gone"]) == [])
        #expect(
            try kinds(in: lines + ["1 sent 5 wait ticket=2", "1.1 answered 5 410 code=ticket_gone"]) == [
                .answerLost
            ])
    }
}
