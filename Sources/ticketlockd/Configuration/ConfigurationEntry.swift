/// One key with its value as some source gave it, before anything about it was checked.
struct ConfigurationEntry: Sendable, Equatable {
    /// The shape of the value.
    enum Value: Sendable, Equatable {
        case scalar(String)
        /// The items, each with its own source.
        case list([Item])
        /// YAML's `key:` with nothing after it.
        case nothing
    }

    /// One item of a list.
    struct Item: Sendable, Equatable {
        let text: String
        let source: ConfigurationSource
    }

    /// The key's name: `locks.default_lifetime`.
    let key: String
    let value: Value
    let source: ConfigurationSource
}

/// Where a value came from, for messages and for `--print-config`.
enum ConfigurationSource: Sendable, Equatable, CustomStringConvertible {
    case builtIn
    /// A line of the file, counted from 1; nil: the file as a whole.
    case file(path: String, line: Int?)
    case environment(name: String)
    /// A flag of the command line, `--set` for example.
    case flag(String)

    /// One line without control characters: `/etc/ticketlockd.yaml:12`, `environment TICKETLOCKD_LOG_LEVEL`,
    /// `--set`.
    var description: String {
        switch self {
        case .builtIn: "default"
        case .file(let path, let line?): "\(QuotedText.escaped(path)):\(line)"
        case .file(let path, nil): QuotedText.escaped(path)
        case .environment(let name): "environment \(QuotedText.escaped(name))"
        case .flag(let name): name
        }
    }
}
