/// What became of the times that the configuration was read again.
package struct ReloadMetrics: Sendable {
    private(set) var failureCount: UInt64 = 0
    /// When settings that are good were last read, at the start or later, in seconds since 1970.
    private(set) var lastSuccess = present

    package mutating func failed() { failureCount += 1 }

    package mutating func succeeded() { lastSuccess = Self.present }

    private static var present: Double { Double(WallClock.systemRealTime()) / 1e9 }
}
