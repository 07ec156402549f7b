import HistoryChecker
import Support
import Testing
import TicketLock

@Suite("The history checker: the format")
struct FormatTests {
    @Test(
        "A line that is not one of a history is refused, by its number",
        arguments: [
            (#"{"at":1,"event":"sent"}"#, #"op: "" is not one of issue_ticket"#),
            (#"{"event":"end"}"#, "at is missing"),
            (#"{"at":1,"event":"ended"}"#, #"event: "ended" is not one of sent, answered"#),
            (#"{"at":1.5,"event":"end"}"#, "at is not an integer"),
            (#"{"at":1,"at":1,"event":"end"}"#, "at is given more than once"),
            (#"{"at":1,"event":"end","life_time":2}"#, #""life_time" is not a field of a history"#),
            (#"{"at":1,"event":"fault","fault":"flood"}"#, #"fault: "flood" is not one of killed"#),
            (#"{"at":1,"event":"answered","request":1,"status":200}"#, "request 1 was not sent"),
            (#"{"at":-5,"event":"end"}"#, "its moment is before"),
            ("[]", "it must be one JSON object"),
            ("{", "not a line of a history"),
        ])
    func refused(line: String, words: String) {
        let history = "{\"at\":0,\"event\":\"fault\",\"fault\":\"killed\"}\n\n" + line + "\n"
        let error = #expect(throws: HistoryError.self) {
            _ = try HistoryChecker(checking: Array(history.utf8)).line
        }
        #expect(error?.line == 3)
        #expect(error?.text.contains(words) == true, "\(error?.text ?? "")")
    }

    @Test("A line of 65,536 bytes is read, and one that is longer is refused", arguments: [0, 1])
    func longest(more: Int) {
        let line = #"{"at":0,"event":"end"}"#
        let history =
            line + String(repeating: " ", count: HistoryReader.lineBytesMax - line.utf8.count + more) + "\n"
        let isRead = (try? HistoryChecker(checking: Array(history.utf8)).line) != nil
        #expect(isRead == (more == 0))
    }

    @Test("What is written is read again, however the bytes are cut", arguments: [1, 7, 4096])
    func roundTrip(step: Int) throws {
        var request = HistoryRequest(1, .acquire, of: ConversationID("a\"\\\n\u{1}\u{e9}\u{1F600}"))
        (request.client, request.key, request.ticket, request.token) = ("c", "k", 3, 4)
        (request.lifetime, request.timeout) = (.milliseconds(1500), .nanoseconds(1))
        (request.patience, request.replaces) = (.seconds(2), true)
        var answer = HistoryAnswer(1, status: 201)
        (answer.code, answer.ticket, answer.token, answer.isLocked) = ("x", 3, 4, false)
        (answer.nowServing, answer.expiresIn, answer.waiting) = (0, .milliseconds(-1500), 2)
        (answer.expiresAt, answer.removed, answer.deleted) = (Instant(nanoseconds: 5), true, false)
        answer.isSomeoneWaiting = true
        let listed = ListedTicket(1, ticket: 1, token: 2, expiresAt: Instant(nanoseconds: 9))
        let events: [HistoryEvent] = [
            .sent(request), .answered(answer), .written(answer), .lost(request: 1, isDone: false),
            .listed(listed),
            .fault(HistoryFault(.failedOver, lasts: .seconds(3))), .end,
        ]
        var writer = HistoryWriter()
        for (place, event) in events.enumerated() {
            writer.write(event, at: Instant(nanoseconds: Int64(place)))
        }
        var reader = HistoryReader()
        var read: [HistoryEvent] = []
        for start in stride(from: 0, to: writer.bytes.count, by: step) {
            let part = Array(writer.bytes[start..<min(start + step, writer.bytes.count)])
            try part.withUnsafeBytes { bytes in
                try reader.read(bytes) { event, moment, line in
                    #expect(moment.nanoseconds == Int64(line - 1))
                    read.append(event)
                }
            }
        }
        #expect(read == events)
    }

    @Test("Conversations whose IDs differ in bytes only are two")
    func bytes() throws {
        var checker = HistoryChecker()
        for (place, id) in ["\u{e9}", "e\u{301}"].enumerated() {
            let moment = Instant(nanoseconds: Int64(place) * 2)
            try checker.take(
                .sent(HistoryRequest(Int64(place), .acquire, of: ConversationID(id))), at: moment)
            var answer = HistoryAnswer(Int64(place), status: 201)
            (answer.ticket, answer.token, answer.isLocked, answer.expiresIn) = (0, 1, false, .seconds(9))
            try checker.take(.answered(answer), at: moment + .nanoseconds(1))
        }
        #expect(checker.findingCount == 0)
        #expect(checker.turnCount == 2)
    }
}
