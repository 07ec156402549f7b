import ArgumentParser
import Logging

/// The command line of `ticketlockd`. Values are checked with the rest of the configuration; here only the
/// shape.
struct DaemonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The configuration file (YAML).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Where to listen: IPV4:PORT, [IPV6]:PORT, unix:/PATH or systemd. May be repeated.",
            valueName: "address"),
        completion: .list(["127.0.0.1:5625", "[::1]:5625", "unix:/run/ticketlockd/sock", "systemd"]))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "The least severe lines to log: trace, debug, info, notice, warning, error or critical.",
            valueName: "level"),
        completion: .list(Logger.Level.allCases.map(\.rawValue)))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "Set any key. May be repeated; lists are comma-separated.", valueName: "key=value"),
        completion: .list(ConfigurationKey.all.map { $0.name + "=" }))
    var set: [String] = []

    @Flag(help: "Check the configuration, report everything that is wrong with it, and exit.")
    var checkConfig = false

    @Flag(
        help: "Print the configuration with every key, its meaning and where its value came from, and exit.")
    var printConfig = false

    @Flag(
        help: ArgumentHelp(
            "Forget all tickets in store.state_directory, which are put aside, and start with none."))
    var discardState = false

    init() {}

    /// Refuses (exit 64) a `--set` without `=`.
    func validate() throws {
        for text in set where !text.contains("=") || text.hasPrefix("=") {
            throw ValidationError("--set \(QuotedText.shown(text)) is not KEY=VALUE.")
        }
    }

    /// What `ticketlockd --help` and `--version` say.
    static func commandConfiguration(version: String) -> CommandConfiguration {
        CommandConfiguration(
            commandName: "ticketlockd",
            abstract: "A ticket lock per conversation, served over HTTP.",
            discussion: """
                A setting comes from the command line, else the environment, else the file,
                else its default. The environment's name of locks.max_lifetime is
                TICKETLOCKD_LOCKS_MAX_LIFETIME, and so on for every key; Rasa's
                TICKET_LOCK_LIFETIME stands in for locks.default_lifetime, and systemd's
                STATE_DIRECTORY for the default of store.state_directory.

                Examples:
                  ticketlockd
                      Listen on 127.0.0.1:5625 with the defaults.
                  ticketlockd --config /etc/ticketlockd/ticketlockd.yaml --check-config
                      Say everything that is wrong with a file.
                  ticketlockd --print-config > ticketlockd.yaml
                      Write a file with every key explained, to edit.
                  ticketlockd --listen 127.0.0.1:0 --listen unix:/run/ticketlockd/sock
                      Listen on a free port, which is logged, and on a Unix socket.
                  ticketlockd --set locks.default_lifetime=20 --set log.format=json
                      Change single keys.

                SIGTERM and SIGINT shut the daemon down cleanly, after shutdown_delay if
                there is one. A second signal cuts the delay short; during the shutdown
                itself one more ends the daemon at once. SIGHUP reads the configuration
                again and takes over what can change at run time.

                Exit status: 0 after a clean shutdown, 64 for wrong usage, 69 if an address
                or the state on disk is unavailable, 71 if the system refuses file
                descriptors or threads, 78 for a wrong configuration or a state directory
                that needs an operator.
                """,
            version: version)
    }
}

extension DaemonOptions {
    /// The settings of the command line. A key that is set twice is an error, not a guess at which one was
    /// meant.
    func entries() -> (entries: [ConfigurationEntry], errors: [ConfigurationError]) {
        var entries: [ConfigurationEntry] = []
        var errors: [ConfigurationError] = []
        if !listen.isEmpty {
            let items = listen.map { ConfigurationEntry.Item(text: $0, source: .flag("--listen")) }
            entries.append(.init(key: "listen", value: .list(items), source: .flag("--listen")))
        }
        if let logLevel {
            entries.append(.init(key: "log.level", value: .scalar(logLevel), source: .flag("--log-level")))
        }
        for text in set {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            // `validate` has refused a text without "=" before.
            let entry = ConfigurationEntry(
                key: parts[0], value: .scalar(parts.count == 2 ? parts[1] : ""), source: .flag("--set"))
            if let first = entries.first(where: { $0.key == entry.key }) {
                let detail = "\(QuotedText.shown(text)) sets it again after \(first.source)"
                errors.append(
                    .init(code: .duplicateKey, key: entry.key, detail: detail, source: entry.source))
            } else {
                entries.append(entry)
            }
        }
        return (entries, errors)
    }
}
