import TicketLock

/// Requests counted by endpoint and status, with how long their answers took.
struct RequestMetrics {
    private static let bounds: [Duration] = [
        .microseconds(50), .microseconds(100), .microseconds(500), .milliseconds(1), .milliseconds(5),
        .milliseconds(20), .milliseconds(100), .seconds(1), .seconds(10), .seconds(60), .seconds(300),
    ]

    /// Statuses from 100 to 599.
    private static let statusCount = 500

    /// By endpoint; the last is for paths that are not served.
    private(set) var latencies = Array(
        repeating: Histogram(bounds: bounds), count: Endpoint.allCases.count + 1)
    private var counts = [UInt64](repeating: 0, count: (Endpoint.allCases.count + 1) * statusCount)
    static let names: [String] = Endpoint.allCases.map { "\($0.path)" } + ["other"]

    /// The requests at an endpoint by status, for the statuses there were.
    func counts(at place: Int) -> [(status: Int, count: UInt64)] {
        (0..<Self.statusCount).map { ($0 + 100, counts[place * Self.statusCount + $0]) }.filter { $0.1 > 0 }
    }

    mutating func record(_ endpoint: Endpoint?, status: UInt16, nanoseconds: Int64) {
        let place = endpoint?.place ?? Endpoint.allCases.count
        counts[place * Self.statusCount + Int(status) - 100] += 1
        latencies[place].record(nanoseconds: nanoseconds)
    }
}
