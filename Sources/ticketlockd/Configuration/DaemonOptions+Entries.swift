extension DaemonOptions {
    /// The settings of the command line. A key that is set twice is an error, not a guess at which one was
    /// meant.
    func entries() -> (entries: [ConfigurationEntry], errors: [ConfigurationError]) {
        var entries: [ConfigurationEntry] = []
        var errors: [ConfigurationError] = []
        if !listen.isEmpty {
            let items = listen.map { ConfigurationEntry.Item(text: $0, source: .flag("--listen")) }
            entries.append(.init(key: "listen", value: .list(items), source: .flag("--listen")))
        }
        if let logLevel {
            entries.append(.init(key: "log.level", value: .scalar(logLevel), source: .flag("--log-level")))
        }
        for text in set {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            // `validate` has refused a text without "=" before.
            let entry = ConfigurationEntry(
                key: parts[0], value: .scalar(parts.count == 2 ? parts[1] : ""), source: .flag("--set"))
            if let first = entries.first(where: { $0.key == entry.key }) {
                let detail = "\(QuotedText.shown(text)) sets it again after \(first.source)"
                errors.append(
                    .init(code: .duplicateKey, key: entry.key, detail: detail, source: entry.source))
            } else {
                entries.append(entry)
            }
        }
        return (entries, errors)
    }
}
