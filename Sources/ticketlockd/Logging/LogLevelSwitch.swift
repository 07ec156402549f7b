import Logging
import Synchronization

/// The level of all loggers, which any thread may change at any time.
final class LogLevelSwitch: Sendable {
    private let index: Atomic<Int>

    init(_ level: Logger.Level) { index = Atomic(Self.index(of: level)) }

    /// The least severe level that is logged. Reading it is one relaxed load.
    var level: Logger.Level {
        get { Self.levels[index.load(ordering: .relaxed)] }
        set { index.store(Self.index(of: newValue), ordering: .relaxed) }
    }

    private static let levels = Logger.Level.allCases

    private static func index(of level: Logger.Level) -> Int {
        guard let index = levels.firstIndex(of: level) else {
            preconditionFailure("\(level) is not in allCases")
        }
        return index
    }
}
