extension Configuration {
    /// Every key at its default.
    static let defaults: Configuration = {
        var configuration = Configuration()
        for key in ConfigurationKey.all { key.setDefault(&configuration) }
        return configuration
    }()

    /// Reads the configuration: command line over environment over the file named by `--config` over the
    /// defaults. Throws everything that is wrong with any of them. `readFile` gives a file's bytes; the
    /// daemon passes `ConfigurationFileReader.read`. Reads a file, so call it before the loop runs, or off
    /// it.
    static func load(
        options: DaemonOptions, environment: [String: String],
        readFile: (String) throws(ConfigurationProblem) -> [UInt8] = ConfigurationFileReader.read
    ) throws(ConfigurationErrors) -> LoadedConfiguration {
        var loader = ConfigurationLoader()
        loader.add(ConfigurationEnvironment.standIns(environment))
        if let path = options.config {
            do throws(ConfigurationProblem) {
                let file = ConfigurationFile(path: path, bytes: try readFile(path))
                loader.add(file.errors)
                loader.add(file.entries)
            } catch {
                let detail = "\(QuotedText.shown(path)) \(error.text)"
                loader.add([.init(code: .unreadableFile, key: nil, detail: detail, source: .flag("--config"))]
                )
            }
        }
        for (entries, errors) in [ConfigurationEnvironment.read(environment), options.entries()] {
            loader.add(errors)
            loader.add(entries)
        }
        loader.checkRules()
        guard loader.errors.isEmpty else { throw ConfigurationErrors(errors: loader.errors) }
        return LoadedConfiguration(
            configuration: loader.configuration, sources: loader.sources,
            ignoredVariables: KubernetesVariables.names(in: environment))
    }
}

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
