/// All that is wrong with the configuration, at once; never empty.
struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    let errors: [ConfigurationError]

    /// One error a line, without a newline at the end.
    var description: String {
        errors.map(\.description).joined(separator: "\n")
    }
}
