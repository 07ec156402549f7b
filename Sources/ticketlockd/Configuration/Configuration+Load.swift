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
