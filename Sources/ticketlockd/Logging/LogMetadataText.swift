import Logging

/// Metadata as text, sorted by key so that equal events give equal lines.
enum LogMetadataText {
    /// ` key=value` for each pair. Values are quoted if they are empty or hold anything that could be
    /// misread.
    static func pairs(_ metadata: Logger.Metadata) -> String {
        sorted(metadata).map { key, value in " \(word(key))=\(text(value))" }.joined()
    }

    /// A value as JSON (RFC 8259).
    static func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let string): QuotedText.quoted(string)
        case .stringConvertible(let thing): QuotedText.quoted("\(thing)")
        case .array(let values): "[" + values.map(json).joined(separator: ",") + "]"
        case .dictionary(let pairs):
            "{" + sorted(pairs).map { "\(QuotedText.quoted($0)):\(json($1))" }.joined(separator: ",") + "}"
        }
    }

    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let string): word(string)
        case .stringConvertible(let thing): word("\(thing)")
        case .array, .dictionary: json(value)
        }
    }

    private static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                !QuotedText.isUnsafe(scalar) && !scalar.properties.isWhitespace
                    && !"\"\\=".unicodeScalars.contains(scalar)
            }
        return isPlain ? text : QuotedText.quoted(text)
    }

    private static func sorted(_ metadata: Logger.Metadata) -> [(key: String, value: Logger.MetadataValue)] {
        metadata.sorted { $0.key < $1.key }
    }
}
