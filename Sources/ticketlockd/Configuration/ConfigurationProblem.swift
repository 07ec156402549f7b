/// What is wrong with one value, as the end of a sentence that begins with the value: `is not a whole
/// number`.
struct ConfigurationProblem: Error, Equatable {
    let text: String
    /// Which item of a list is wrong, 0 for a value that is no list; nil if a list as a whole is wrong.
    let item: Int?

    init(_ text: String, item: Int? = 0) {
        self.text = text
        self.item = item
    }
}

/// All that is wrong with the configuration, at once; never empty.
struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    let errors: [ConfigurationError]

    /// One error a line, without a newline at the end.
    var description: String {
        errors.map(\.description).joined(separator: "\n")
    }
}

/// One thing that is wrong with the configuration.
struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing is wrong.
    enum Code: Sendable {
        case unknownKey, duplicateKey, invalidValue
        /// Two values, each allowed, that do not fit together.
        case contradiction
        case unreadableFile, invalidYAML
    }

    let code: Code
    /// The key's name as it was given; nil if the file as a whole is wrong.
    let key: String?
    /// What is wrong, with the value and what is allowed.
    let detail: String
    let source: ConfigurationSource

    /// `locks.default_lifetime: "60s" is not a number of seconds (0.001 to 86400) [config.yaml:4]`
    var description: String {
        let start =
            key.map { QuotedText.escaped(String($0.prefix(QuotedText.shownCharactersMax))) + ": " } ?? ""
        return "\(start)\(detail) [\(source)]"
    }
}
