import Logging

/// The daemon's log: one queue, one level, any number of loggers.
struct DaemonLog: Sendable {
    private let queue: LogQueue
    private let levels: LogLevelSwitch
    private let formatter: LogFormatter
    private let clock: @Sendable () -> WallTime

    /// Starts a log in the given style; tests pass the clock and the output.
    init(
        level: Logger.Level, style: LogFormatter.Style, bytesMax: Int = 1_048_576,
        clock: @escaping @Sendable () -> WallTime = WallTime.now,
        output: @escaping LogQueue.Output = StandardErrorOutput.write
    ) throws(LogThreadError) {
        let formatter = LogFormatter(style: style)
        queue = try LogQueue(bytesMax: bytesMax, output: output) { count in
            formatter.line(
                time: clock(), level: .warning, logger: "log", message: "log lines dropped",
                metadata: ["count": "\(count)"])
        }
        levels = LogLevelSwitch(level)
        self.formatter = formatter
        self.clock = clock
    }

    /// Starts the log to standard error that the configuration asks for.
    static func standardError(
        _ configuration: Configuration.Log, environment: [String: String]
    ) throws(LogThreadError) -> DaemonLog {
        let style = LogFormatter.style(
            format: configuration.format, isJournal: StandardErrorOutput.isJournal(environment: environment),
            isTerminal: StandardErrorOutput.isTerminal, environment: environment)
        return try DaemonLog(level: configuration.level, style: style)
    }

    /// The least severe level that is logged; may be set at any time from any thread.
    var level: Logger.Level {
        get { levels.level }
        nonmutating set { levels.level = newValue }
    }

    /// A logger into this log. Give it to `LoggingSystem.bootstrap` through `handler` instead to catch
    /// libraries' too.
    func logger(_ label: String) -> Logger {
        Logger(label: label, factory: handler)
    }

    /// A handler into this log, for a logger of that label.
    func handler(_ label: String) -> any LogHandler {
        DaemonLogHandler(
            label: label, levels: levels, formatter: formatter, clock: clock, enqueue: queue.enqueue)
    }

    /// Waits until all lines are out, at most for `timeout`; whether they are. Blocks: for the end of the
    /// process.
    @discardableResult
    func flush(timeout: Duration) -> Bool {
        queue.flush(timeout: timeout)
    }

    /// Refuses further lines; the writer's thread ends once it has written what is there.
    func close() {
        queue.close()
    }
}
