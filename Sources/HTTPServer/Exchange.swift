/// What the server keeps of a request that is parked or whose answer has something to take back. Travels as
/// the tag of the C request, which holds it.
final class Exchange {
    /// Who will answer, while the request is parked.
    var worker: Worker?
    var hasHungUp = false
    var whenUndelivered: (@Sendable () -> Void)?
}
