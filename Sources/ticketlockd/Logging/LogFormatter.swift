import Logging

/// Turns an event into one line, with the newline at its end and no other.
struct LogFormatter: Sendable {
    /// The shape of the lines.
    enum Style: Sendable, Equatable {
        /// `2026-11-21T12:40:29.123Z info  message key=value`
        case text(colour: Bool)
        /// `<6>message key=value`: systemd's priority, no time and no level, which the journal keeps itself.
        case journal
        /// One object: time, level, logger, message and, if there is any, metadata.
        case json
    }

    let style: Style

    /// The style for `format`. Text is for the journal if `isJournal`, else coloured on a terminal, unless
    /// the environment has a NO_COLOR that is not empty.
    static func style(
        format: LogFormat, isJournal: Bool, isTerminal: Bool, environment: [String: String]
    ) -> Style {
        switch format {
        case .json: .json
        case .text where isJournal: .journal
        case .text: .text(colour: isTerminal && environment["NO_COLOR", default: ""].isEmpty)
        }
    }

    /// The line of one event.
    func line(
        time: WallTime, level: Logger.Level, logger: String, message: String, metadata: Logger.Metadata
    ) -> String {
        let text = QuotedText.escaped(message)
        switch style {
        case .text(let colour):
            let word = level.rawValue
            let level = colour ? Self.coloured(level) : word
            let space = String(repeating: " ", count: max(1, 6 - word.utf8.count))
            return "\(time.rfc3339) \(level)\(space)\(text)\(LogMetadataText.pairs(metadata))\n"
        case .journal:
            return "<\(Self.priority(level))>\(text)\(LogMetadataText.pairs(metadata))\n"
        case .json:
            let fields =
                metadata.isEmpty ? "" : ",\"metadata\":" + LogMetadataText.json(.dictionary(metadata))
            return "{\"time\":\"\(time.rfc3339)\",\"level\":\"\(level.rawValue)\","
                + "\"logger\":\(QuotedText.quoted(logger)),"
                + "\"message\":\(QuotedText.quoted(message))\(fields)}\n"
        }
    }

    /// syslog(3)'s number for a level.
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func coloured(_ level: Logger.Level) -> String {
        let code =
            switch level {
            case .trace, .debug: "2"
            case .info: "32"
            case .notice: "36"
            case .warning: "33"
            case .error, .critical: "31"
            }
        return "\u{1b}[\(code)m\(level.rawValue)\u{1b}[0m"
    }
}
