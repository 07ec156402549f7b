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

    /// Goes off at the end of a second in which something was left out.
    private var alarm: Alarm?

    /// Throws when no descriptor is left.
    init(_ logger: Logger, on loop: EventLoop) throws(EventLoopError) {
        self.logger = logger
        alarm = try Alarm(on: loop) { [unowned self] in tellLeftOut() }
    }

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
        setAlarm(lapsedLimit)
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

    /// Tells how much was left out, if anything was: at the end of its second, and when the daemon ends.
    func tellLeftOut() {
        let (lapsed, broken) = (lapsedLimit.takeLeftOut(), brokenLimit.takeLeftOut())
        if lapsed > 0 {
            logger.info("more tickets expired while they were served", metadata: ["left_out": "\(lapsed)"])
        }
        if broken > 0 { logger.notice("more locks were broken", metadata: ["left_out": "\(broken)"]) }
    }

    private func write(
        _ level: Logger.Level, _ message: Logger.Message,
        _ limit: ReferenceWritableKeyPath<LockLog, LogLimit>, _ metadata: () -> Logger.Metadata
    ) {
        if self[keyPath: limit].admit(now: Alarm.now) {
            logger.log(level: level, message, metadata: metadata())
        } else {
            setAlarm(self[keyPath: limit])
        }
    }

    private func setAlarm(_ limit: LogLimit) {
        guard limit.leftOut > 0, let alarm, alarm.due == nil else { return }
        alarm.set(limit.secondEnds)
    }
}
