/// A configuration that was read, and where each of its values came from.
struct LoadedConfiguration: Sendable, Equatable {
    let configuration: Configuration
    /// By the key's name, for every key that some source set, even to its default.
    let sources: [String: ConfigurationSource]
    /// Variables that begin like ours and are Kubernetes', in order.
    var ignoredVariables: [String] = []

    /// The configuration as YAML which reads back to the same value: every key with its explanation, and for
    /// each that was set the source as a comment. Ends in a newline. This is what `--print-config` prints.
    var yaml: String {
        var text = ""
        var section: String?
        for key in ConfigurationKey.all {
            let (keySection, leaf) = key.sectionAndLeaf
            if keySection != section, let keySection { text += "\n\(keySection):\n" }
            if keySection == nil, !text.isEmpty { text += "\n" }
            section = keySection
            let indent = keySection == nil ? "" : "    "
            let source = sources[key.name].map { "  # \($0)" } ?? ""
            text += "\(indent)# \(key.explanation)\n"
            text += "\(indent)# Allowed: \(key.allowed)\(key.isReloadable ? "; read again on SIGHUP" : "").\n"
            text += "\(indent)\(leaf): \(key.yaml(configuration))\(source)\n"
        }
        return text
    }
}
