/// The shapes of log lines that `log.format` can name.
enum LogFormat: String, Sendable, CaseIterable {
    /// For people; with systemd's priority prefixes when standard error is the journal.
    case text
    /// One JSON object a line.
    case json
}
