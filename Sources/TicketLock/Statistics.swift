/// What the locks have been through since the start, for the metrics.
package struct Statistics: Sendable {
    package var issued: UInt64 = 0
    /// Removed by their holders, with finish_serving or cleanup.
    package var finished: UInt64 = 0
    package var expiredHeld: UInt64 = 0
    package var expiredWaiting: UInt64 = 0
    /// Given up by an acquire that timed out or whose caller went away.
    package var withdrawn: UInt64 = 0
    /// Gone with a deleted lock.
    package var deleted: UInt64 = 0
    /// From issue to being served.
    package var waitTimes = Histogram(bounds: Self.bounds)
    /// From being served to the ticket's end, whichever it was.
    package var holdTimes = Histogram(bounds: Self.bounds)

    package init() {}

    private static let bounds: [Duration] = [
        .milliseconds(1), .milliseconds(5), .milliseconds(10), .milliseconds(50), .milliseconds(100),
        .milliseconds(500), .seconds(1), .seconds(5), .seconds(10), .seconds(30), .seconds(60), .seconds(300),
    ]
}
