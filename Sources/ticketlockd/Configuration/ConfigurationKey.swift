/// One key of the configuration: everything there is to say about it, and how it gets into a `Configuration`.
struct ConfigurationKey: Sendable {
    /// `locks.default_lifetime`; at most one section.
    let name: String
    /// One line for people.
    let explanation: String
    /// What is allowed, as words.
    let allowed: String
    /// Whether several items may be given.
    let isList: Bool
    /// Whether a running daemon takes a new value on SIGHUP.
    let isReloadable: Bool
    /// Sets the value read from the items, or says everything that is wrong with them and sets nothing.
    let set: @Sendable (inout Configuration, [String]) -> [ConfigurationProblem]
    /// Sets the default.
    let setDefault: @Sendable (inout Configuration) -> Void
    /// Sets the value that another configuration has.
    let copy: @Sendable (_ from: Configuration, _ to: inout Configuration) -> Void
    /// The value as YAML.
    let yaml: @Sendable (Configuration) -> String

    init<Value>(
        _ name: String, _ path: any WritableKeyPath<Configuration, Value> & Sendable,
        _ kind: ConfigurationKind<Value>, default value: Value, reloadable: Bool = false,
        _ explanation: String
    ) {
        self.name = name
        self.explanation = explanation
        allowed = kind.allowed
        isList = kind.isList
        isReloadable = reloadable
        set = { configuration, items in
            switch kind.read(items) {
            case .value(let value):
                configuration[keyPath: path] = value
                return []
            case .problems(let problems): return problems
            }
        }
        setDefault = { $0[keyPath: path] = value }
        copy = { source, target in target[keyPath: path] = source[keyPath: path] }
        yaml = { kind.yaml($0[keyPath: path]) }
    }

    /// What every environment name of ours begins with.
    static let environmentPrefix = "TICKETLOCKD_"

    /// The key's environment name: TICKETLOCKD_LOCKS_DEFAULT_LIFETIME for `locks.default_lifetime`.
    var environmentName: String {
        Self.environmentPrefix + name.uppercased().split(separator: ".").joined(separator: "_")
    }

    /// The part of the name before the point, if any, and the part after it.
    var sectionAndLeaf: (section: String?, leaf: String) {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        return parts.count == 2 ? (parts[0], parts[1]) : (nil, name)
    }

    /// The key of that name, or nil if there is none.
    static func named(_ name: String) -> ConfigurationKey? {
        all.first { $0.name == name }
    }
}
