/// What the locks have been through since the start, for the metrics.
package struct Statistics: Sendable {
    package internal(set) var issued: UInt64 = 0
    /// Removed by their holders, with finish_serving or cleanup.
    package internal(set) var finished: UInt64 = 0
    package internal(set) var expiredHeld: UInt64 = 0
    package internal(set) var expiredWaiting: UInt64 = 0
    /// Given up by an acquire that timed out or whose caller went away.
    package internal(set) var withdrawn: UInt64 = 0
    /// Gone with a deleted lock.
    package internal(set) var deleted: UInt64 = 0
    /// From issue to being served.
    package internal(set) var waitTimes = Histogram(bounds: Self.bounds)
    /// From being served to the ticket's end, whichever it was.
    package internal(set) var holdTimes = Histogram(bounds: Self.bounds)

    private static let bounds: [Duration] = [
        .milliseconds(1), .milliseconds(5), .milliseconds(10), .milliseconds(50), .milliseconds(100),
        .milliseconds(500), .seconds(1), .seconds(5), .seconds(10), .seconds(30), .seconds(60), .seconds(300),
    ]
}
