/// Puts entries into a configuration, the later ones over the earlier, and collects all that is wrong.
struct ConfigurationLoader {
    private(set) var configuration = Configuration.defaults
    private(set) var sources: [String: ConfigurationSource] = [:]
    private(set) var errors: [ConfigurationError] = []
    /// Keys with a wrong value somewhere, about which rules say nothing.
    private var wrongKeys: Set<String> = []

    /// Takes over the errors that a source had by itself.
    mutating func add(_ errors: [ConfigurationError]) {
        self.errors += errors
        wrongKeys.formUnion(errors.compactMap(\.key))
    }

    /// Checks and sets each entry. A wrong value is an error even where a stronger source sets the key too.
    mutating func add(_ entries: [ConfigurationEntry]) {
        for entry in entries { add(entry) }
    }

    private mutating func add(_ entry: ConfigurationEntry) {
        guard let key = ConfigurationKey.named(entry.key) else {
            let near = NearestName.suggestion(for: entry.key, among: ConfigurationKey.all.map(\.name))
            // Its value is not shown: it is not what is wrong, and may be a secret that lost its way.
            let hint = NearestName.hint(forSecret: entry.key) ?? near
            let detail = "is not a known key" + (hint.isEmpty ? "; --print-config lists them" : hint)
            return add([error(.unknownKey, entry, detail, entry.source)])
        }
        switch entry.value {
        case .nothing:
            add([error(.invalidValue, entry, "has no value; allowed is \(key.allowed)", entry.source)])
        case .list where !key.isList:
            add([error(.invalidValue, entry, "a list is not \(key.allowed)", entry.source)])
        case .list(let items): set(key, entry, items)
        case .scalar(let text):
            let texts =
                key.isList ? text.split(separator: ",", omittingEmptySubsequences: false) : [text[...]]
            set(key, entry, texts.map { .init(text: String($0), source: entry.source) })
        }
    }

    private mutating func set(
        _ key: ConfigurationKey, _ entry: ConfigurationEntry, _ items: [ConfigurationEntry.Item]
    ) {
        let problems = key.set(&configuration, items.map(\.text))
        sources[key.name] = entry.source
        add(
            problems.map { problem in
                guard let index = problem.item else {
                    return error(.invalidValue, entry, problem.text, entry.source)
                }
                let item = items[index]
                return error(
                    .invalidValue, entry, "\(QuotedText.shown(item.text)) \(problem.text)", item.source)
            })
    }

    /// Checks the rules between keys, once every entry is in.
    mutating func checkRules() {
        for rule in ConfigurationRule.all where wrongKeys.isDisjoint(with: [rule.key, rule.other]) {
            guard !rule.holds(configuration), let key = ConfigurationKey.named(rule.key),
                let other = ConfigurationKey.named(rule.other)
            else { continue }
            let otherSource = sources[rule.other] ?? .builtIn
            let detail =
                "\(key.yaml(configuration)) \(rule.words) \(rule.other), "
                + "\(other.yaml(configuration)) (\(otherSource))"
            errors.append(
                .init(
                    code: .contradiction, key: rule.key, detail: detail,
                    source: sources[rule.key] ?? .builtIn))
        }
    }

    private func error(
        _ code: ConfigurationError.Code, _ entry: ConfigurationEntry, _ detail: String,
        _ source: ConfigurationSource
    ) -> ConfigurationError {
        .init(code: code, key: entry.key, detail: detail, source: source)
    }
}
