/// Something in a table that is not as it was, for whoever stores tables: where, not what. What is there now,
/// if anything, ``LockTable/write(_:to:)`` tells.
package enum Change: Equatable, Sendable {
    case lock(slot: Int32)
    case ticket(slot: Int32, number: TicketNumber, token: FencingToken)
    case number(key: Int32)
}
