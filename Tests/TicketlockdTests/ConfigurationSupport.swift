import ArgumentParser

@testable import ticketlockd

/// Loads a configuration from arguments, an environment and the text of a file named `test.yaml`.
func load(
    _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
) throws -> LoadedConfiguration {
    let path = file == nil ? [] : ["--config", "test.yaml"]
    let options = try DaemonOptions.parse(path + arguments)
    return try Configuration.load(options: options, environment: environment) { _ in Array((file ?? "").utf8)
    }
}

/// The lines of all errors, or nothing if the configuration is right.
func errors(
    _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
) throws -> [String] {
    do {
        _ = try load(arguments, environment: environment, file: file)
        return []
    } catch let error as ConfigurationErrors {
        return error.errors.map(\.description)
    }
}

/// A file that makes room for the edges of other keys: the rules between keys are tested on their own.
let roomyFile = """
    locks: {max_lifetime: 86400, number_retention: 604800, max_wait: 86400}
    http: {max_connections: 1000000}
    """
