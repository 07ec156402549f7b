/// What is known of locks that were lost with the machine: numbers below `end` may have been given out, so until then a
/// conversation that is not known begins there. Later nobody can come back with one of them.
package struct LostNumbers: Equatable, Sendable {
    package let end: TicketNumber
    package let until: Instant

    package init(end: TicketNumber, until: Instant) {
        self.end = end
        self.until = until
    }
}
