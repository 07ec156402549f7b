import EventLoop
import Logging
import TicketLock

/// What an operator looks for in the log: locks that were broken, tickets that expired while they were served.
///
/// `@unchecked Sendable`: used on the loop's thread only.
final class LockLog: @unchecked Sendable {
    private static let linesPerSecond = 10
    private static let ticketsShownMax = 20

    private let logger: Logger
    private var lapsedLimit = LogLimit(perSecond: linesPerSecond)
    private var brokenLimit = LogLimit(perSecond: linesPerSecond)

    init(_ logger: Logger) { self.logger = logger }

    func expired(_ lapses: Lapses) {
        for lapse in lapses.first {
            write(.info, "a ticket expired while it was served", \.lapsedLimit) {
                [
                    "conversation_id": "\(lapse.conversationID.string)", "ticket": "\(lapse.number)",
                    "held_for": "\(lapse.held)",
                ]
            }
        }
        lapsedLimit.leaveOut(lapses.moreCount)
    }

    /// - Parameter peer: where the request came from.
    func broken(_ id: ConversationID, _ tickets: [TicketNumber], by peer: String) {
        write(.notice, "a lock was broken", \.brokenLimit) {
            let shown = tickets.prefix(Self.ticketsShownMax).map(String.init).joined(separator: " ")
            return [
                "conversation_id": "\(id.string)",
                "tickets": "\(shown)\(tickets.count > Self.ticketsShownMax ? " ..." : "")",
                "ticket_count": "\(tickets.count)", "by": "\(peer)",
            ]
        }
    }

    private func write(
        _ level: Logger.Level, _ message: Logger.Message,
        _ limit: ReferenceWritableKeyPath<LockLog, LogLimit>,
        _ metadata: () -> Logger.Metadata
    ) {
        guard let leftOut = self[keyPath: limit].admit(now: Alarm.now) else { return }
        var metadata = metadata()
        if leftOut > 0 { metadata["left_out"] = "\(leftOut)" }
        logger.log(level: level, message, metadata: metadata)
    }
}
