extension Configuration {
    /// One key whose value differs between two configurations, the values as YAML.
    struct Change: Sendable, Equatable {
        let key: String
        let old: String
        let new: String
        /// Whether a running daemon takes the new value; if not, it needs a restart.
        let isReloadable: Bool
    }

    /// What SIGHUP has to say and do: the keys in which `new` differs, and this configuration with those of
    /// them that can change at run time.
    func reloading(_ new: Configuration) -> (configuration: Configuration, changes: [Change]) {
        var result = self
        var changes: [Change] = []
        for key in ConfigurationKey.all where key.yaml(self) != key.yaml(new) {
            changes.append(
                .init(key: key.name, old: key.yaml(self), new: key.yaml(new), isReloadable: key.isReloadable))
            if key.isReloadable { key.copy(new, &result) }
        }
        return (result, changes)
    }
}
