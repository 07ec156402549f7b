import ArgumentParser
import Glibc
import LockStore
import RedisClient

/// The daemon: reads its configuration, then serves until it is told to stop.
@main
struct Ticketlockd: ParsableCommand {
    static let configuration = DaemonOptions.commandConfiguration(version: Version.text)

    @OptionGroup var options: DaemonOptions

    static func main() {
        StandardDescriptors.open()
        main(nil)
    }

    func run() throws {
        let environment = Self.environment()
        let loaded: LoadedConfiguration
        var redis: RedisConfiguration?
        do throws(ConfigurationErrors) {
            loaded = try Configuration.load(options: options, environment: environment)
            if loaded.configuration.store.type == .redis, !options.printConfig {
                redis = try loaded.redis(credentialsDirectory: environment["CREDENTIALS_DIRECTORY"])
            }
            let store = loaded.configuration.store
            guard !options.discardState || store.type == .memory && store.stateDirectory != nil else {
                throw ConfigurationErrors(errors: [
                    .init(
                        code: .contradiction, key: nil,
                        detail: "--discard-state is of no use without a value of store.state_directory",
                        source: .flag("--discard-state"))
                ])
            }
        } catch {
            Self.printError("\(error)")
            throw ExitCode(EX_CONFIG)
        }
        if options.printConfig {
            print(loaded.yaml, terminator: "")
        } else if options.checkConfig {
            print("the configuration is good")
        } else {
            let status = Daemon.run(
                loaded, redis: redis, options: options, environment: environment)
            guard status == 0 else { throw ExitCode(status) }
        }
    }

    private static func printError(_ text: String) {
        StandardErrorOutput.print(text.hasSuffix("\n") ? text : text + "\n")
    }

    private static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return result
    }
}
