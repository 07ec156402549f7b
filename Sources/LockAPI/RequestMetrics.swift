import TicketLock

/// Requests counted by endpoint and status, with how long their answers took.
struct RequestMetrics {
    private static let bounds: [Duration] = [
        .microseconds(50), .microseconds(100), .microseconds(500), .milliseconds(1), .milliseconds(5),
        .milliseconds(20), .milliseconds(100), .seconds(1), .seconds(10), .seconds(60), .seconds(300),
    ]

    /// By endpoint; the last is for paths that are not served.
    private(set) var latencies = Array(
        repeating: Histogram(bounds: bounds), count: Endpoint.allCases.count + 1)
    private(set) var counts: [[UInt16: UInt64]] = Array(repeating: [:], count: Endpoint.allCases.count + 1)
    /// Refused before they became requests, by status.
    private(set) var refused: [UInt16: UInt64] = [:]

    static let names: [String] = Endpoint.allCases.map(\.rawValue) + ["other"]
    private static let places: [Endpoint: Int] = Dictionary(
        uniqueKeysWithValues: Endpoint.allCases.enumerated().map { ($1, $0) })

    mutating func record(_ endpoint: Endpoint?, status: UInt16, nanoseconds: Int64) {
        let place = endpoint.flatMap { Self.places[$0] } ?? Endpoint.allCases.count
        counts[place][status, default: 0] += 1
        latencies[place].record(nanoseconds: nanoseconds)
    }
}
