import RedisClient

/// Kinds of lists, each item read by itself.
extension ConfigurationKind {
    /// - Parameters:
    ///   - noun: what the items are called together: `addresses`.
    ///   - mayBeEmpty: then one empty item is an empty list, too.
    ///   - parse: reads one item, or says what it is: `is no host with a port`.
    private static func list<Item: Equatable & CustomStringConvertible>(
        _ allowed: String, _ noun: String, count: ClosedRange<Int>,
        parse: @escaping @Sendable (String) throws(ConfigurationProblem) -> Item
    ) -> Self where Value == [Item] {
        let read: @Sendable ([String]) -> Reading = { items in
            if count.contains(0), items == [""] { return .value([]) }
            guard count.contains(items.count) else {
                let text = "has \(items.count) \(noun); allowed is \(allowed)"
                return .problems([ConfigurationProblem(text, item: nil)])
            }
            var values: [Item] = []
            var problems: [ConfigurationProblem] = []
            for (index, text) in items.enumerated() {
                do throws(ConfigurationProblem) {
                    let value = try parse(text)
                    if values.contains(value) { throw ConfigurationProblem("is there twice") }
                    values.append(value)
                } catch {
                    problems.append(ConfigurationProblem("\(error.text); allowed is \(allowed)", item: index))
                }
            }
            return problems.isEmpty ? .value(values) : .problems(problems)
        }
        return Self(allowed: allowed, isList: true, read: read) { values in
            "[" + values.map { QuotedText.quoted($0.description) }.joined(separator: ", ") + "]"
        }
    }
}

extension ConfigurationKind<[ListenAddress]> {
    /// Up to `countMax` addresses, no two alike.
    static func addresses(countMax: Int) -> Self {
        list(
            "a list of 1 to \(countMax) of IPV4:PORT, [IPV6]:PORT, unix:/PATH and systemd", "addresses",
            count: 1...countMax, parse: ListenAddress.parse)
    }
}

extension ConfigurationKind<[RedisAddress]> {
    /// At most `countMax` hosts with their ports, no two alike.
    static func hostsAndPorts(countMax: Int) -> Self {
        list(
            "a list of at most \(countMax) of HOST:PORT and [::1]:PORT", "addresses", count: 0...countMax
        ) { text throws(ConfigurationProblem) in
            guard let address = HostName.address(text) else {
                throw ConfigurationProblem("is no host with a port")
            }
            return address
        }
    }
}

extension ConfigurationKind<[String]> {
    /// At most `countMax` names of hosts, `*.NAME` for all below one, and `*`; no two alike.
    static func hostPatterns(countMax: Int) -> Self {
        list(
            "a list of at most \(countMax) of NAME, *.NAME and *, without ports", "names", count: 0...countMax
        ) {
            text throws(ConfigurationProblem) in
            let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
            guard text == "*" || !name.contains(":") && HostName.isAllowed(name) else {
                throw ConfigurationProblem("is no name of a host")
            }
            return text
        }
    }
}
