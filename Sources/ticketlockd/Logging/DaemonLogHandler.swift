import Logging

/// swift-log's handler: formats an event on the caller's thread and hands the line over without waiting.
struct DaemonLogHandler: LogHandler {
    let label: String
    let levels: LogLevelSwitch
    let formatter: LogFormatter
    let clock: @Sendable () -> WallTime
    /// Takes a line; must not block.
    let enqueue: @Sendable (String) -> Void

    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    /// Set for one logger only, over the level of all.
    private var ownLevel: Logger.Level?

    init(
        label: String, levels: LogLevelSwitch, formatter: LogFormatter,
        clock: @escaping @Sendable () -> WallTime,
        enqueue: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.levels = levels
        self.formatter = formatter
        self.clock = clock
        self.enqueue = enqueue
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? levels.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // The nearer to the call, the stronger.
        var all = metadata
        if let metadataProvider { all.merge(metadataProvider.get()) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        if let own = event.metadata { all.merge(own) { $1 } }
        enqueue(
            formatter.line(
                time: clock(), level: event.level, logger: label, message: event.message.description,
                metadata: all))
    }
}
