import TicketLock

/// How Redis's clock and this machine's go together. Locks live by Redis's; only waiting here goes by ours.
///
/// What they are apart is kept for as long as no reply contradicts it, so that a ticket's expiry is the same
/// moment in every answer. Loop thread only.
struct RedisClock {
    /// What a reply may be off by before the clocks are taken to have drifted, in nanoseconds.
    static let tolerance: Int64 = 10_000_000

    /// What is added to a moment here for nanoseconds since 1970 there; nil before the first reply.
    private(set) var offset: Int64?
    /// How much the offset may be wrong, for the reply that it is taken from was so long under way.
    private var uncertainty: Int64 = 0

    /// Takes note of the time that a reply shows, to a command that went between the two moments.
    mutating func observe(microseconds: Int64, sent: Instant, received: Instant) {
        let shown = microseconds * 1000
        let (earliest, latest) = (shown - received.nanoseconds, shown - sent.nanoseconds)
        let tolerance = Self.tolerance + uncertainty
        if let offset, offset >= earliest - tolerance, offset <= latest + tolerance { return }
        uncertainty = (latest - earliest) / 2
        let found = earliest + uncertainty
        offset = found
        greatestOffset = max(greatestOffset ?? found, found)
    }

    /// The greatest that the offset has been: how far the clock of any master had come, by this machine's.
    private var greatestOffset: Int64?

    /// How much a master before this one was ahead of it, in microseconds: tokens went by its clock. As long as they
    /// are kept ahead by as much they grow on, though the newest are lost with it; 0 within the tolerance.
    var lead: Int64 {
        guard let offset, let greatestOffset, greatestOffset - offset > Self.tolerance else { return 0 }
        return (greatestOffset - offset) / 1000
    }

    /// Another daemon has seen a master that was so much ahead, in microseconds.
    mutating func learn(lead: Int64) {
        guard let offset, lead > 0 else { return }
        greatestOffset = max(greatestOffset ?? offset, offset + min(lead, Self.leadMax) * 1000)
    }

    /// The most that a lead is believed, in microseconds: a year.
    private static let leadMax: Int64 = 366 * 86_400 * 1_000_000

    /// Takes note of several replies at once, of which the one that came soonest is the most exact.
    mutating func observe(_ samples: [(microseconds: Int64, sent: Instant, received: Instant)]) {
        guard let best = samples.min(by: { $0.received - $0.sent < $1.received - $1.sent }) else { return }
        observe(microseconds: best.microseconds, sent: best.sent, received: best.received)
    }

    func instant(_ microseconds: Int64) -> Instant {
        Instant(nanoseconds: microseconds * 1000 - (offset ?? 0))
    }

    func microseconds(_ moment: Instant) -> Int64 {
        (moment.nanoseconds + (offset ?? 0)) / 1000
    }
}
