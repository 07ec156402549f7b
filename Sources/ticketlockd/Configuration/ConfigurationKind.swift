/// A kind of value: what is allowed, how it is read and how it is written.
struct ConfigurationKind<Value: Sendable & Equatable>: Sendable {
    /// What was read, or everything that is wrong with it.
    enum Reading {
        case value(Value)
        case problems([ConfigurationProblem])
    }

    /// What is allowed, as words: `a number of seconds (0.001 to 86400)`.
    let allowed: String
    /// Whether several items may be given.
    let isList: Bool
    /// Reads the items: exactly one unless `isList`.
    let read: @Sendable ([String]) -> Reading
    /// The value as YAML, which `read` takes back.
    let yaml: @Sendable (Value) -> String

    /// A kind whose value is one item; `parse` gives nil for what is not `allowed`.
    static func one(
        _ allowed: String, yaml: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (String) -> Value?
    ) -> Self {
        let read: @Sendable ([String]) -> Reading = { items in
            parse(items[0]).map(Reading.value) ?? .problems([ConfigurationProblem("is not \(allowed)")])
        }
        return Self(allowed: allowed, isList: false, read: read, yaml: yaml)
    }
}

extension ConfigurationKind<Int> {
    /// A whole number within `bounds`.
    static func integer(_ bounds: ClosedRange<Int>) -> Self {
        .one("a whole number (\(bounds.lowerBound) to \(bounds.upperBound))", yaml: \.description) { text in
            DecimalText.integer(text).flatMap { bounds.contains($0) ? $0 : nil }
        }
    }
}

extension ConfigurationKind<Int?> {
    /// The same, or empty for what `absence` says.
    static func optionalInteger(_ bounds: ClosedRange<Int>, _ absence: String) -> Self {
        let allowed =
            "a whole number (\(bounds.lowerBound) to \(bounds.upperBound)), or empty for \(absence)"
        let yaml: @Sendable (Int?) -> String = { $0?.description ?? QuotedText.quoted("") }
        return .one(allowed, yaml: yaml) { text in
            if text.isEmpty { return .some(nil) }
            return DecimalText.integer(text).flatMap { bounds.contains($0) ? .some($0) : nil }
        }
    }
}

extension ConfigurationKind<Duration> {
    /// A span in seconds within `bounds`, fractions allowed.
    static func seconds(_ bounds: ClosedRange<Duration>) -> Self {
        span("a number of seconds", bounds) { DecimalText.seconds($0) }
    }

    /// A span in seconds within `bounds`, without a fraction.
    static func wholeSeconds(_ bounds: ClosedRange<Duration>) -> Self {
        span("a whole number of seconds", bounds) { text in
            DecimalText.integer(text).flatMap { _ in DecimalText.seconds(text) }
        }
    }

    private static func span(
        _ noun: String, _ bounds: ClosedRange<Duration>, parse: @escaping @Sendable (String) -> Duration?
    ) -> Self {
        let ends = (
            DecimalText.text(seconds: bounds.lowerBound), DecimalText.text(seconds: bounds.upperBound)
        )
        return .one("\(noun) (\(ends.0) to \(ends.1))", yaml: DecimalText.text(seconds:)) { text in
            parse(text).flatMap { bounds.contains($0) ? $0 : nil }
        }
    }
}

extension ConfigurationKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the words that `Value` knows, in lower case.
    static var word: Self {
        let allowed = "one of: " + Value.allCases.map(\.rawValue).joined(separator: ", ")
        return .one(allowed, yaml: \.rawValue, parse: Value.init(rawValue:))
    }
}

extension ConfigurationKind<UInt32> {
    /// The permission bits of a file, in octal as chmod takes them.
    static var fileMode: Self {
        let yaml: @Sendable (UInt32) -> String = { mode in
            let digits = String(mode, radix: 8)
            return QuotedText.quoted(String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
        }
        return .one("a file mode in octal (\"0000\" to \"0777\")", yaml: yaml) { text in
            guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x37).contains($0) })
            else {
                return nil
            }
            return UInt32(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
        }
    }
}
