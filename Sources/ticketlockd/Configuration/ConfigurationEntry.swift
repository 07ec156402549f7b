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
