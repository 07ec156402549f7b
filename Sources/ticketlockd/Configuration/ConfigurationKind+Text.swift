import RedisClient

extension ConfigurationKind<Bool> {
    /// One of the words that YAML 1.2 has for it.
    static var boolean: Self {
        .one("one of: false, true", yaml: \.description) { Bool($0) }
    }
}

extension ConfigurationKind<String> {
    /// A host's name or its numeric address, without brackets.
    static var host: Self {
        .one("a host name or an IP address", yaml: QuotedText.quoted) { HostName.isAllowed($0) ? $0 : nil }
    }
}

extension ConfigurationKind<String?> {
    /// Text without blanks and control characters, of at most `bytesMax` bytes, or empty for none.
    static func optionalText(bytesMax: Int) -> Self {
        optional("text of at most \(bytesMax) bytes without blanks, or empty for none") { text in
            text.utf8.count <= bytesMax && !text.contains(where: \.isWhitespace)
                && !text.unicodeScalars.contains(where: QuotedText.isUnsafe)
        }
    }

    /// An absolute path, or empty for none.
    static var optionalPath: Self {
        optional("an absolute path, or empty for none") { isPath($0) }
    }

    /// The same of a directory, which a shell completes with a slash.
    static var optionalDirectory: Self {
        optional("an absolute path, or empty for none") {
            isPath($0.hasSuffix("/") ? String($0.dropLast()) : $0)
        }
    }

    /// The path of a Unix socket, or empty for none.
    static var optionalSocketPath: Self {
        let bytesMax = ListenAddress.unixPathBytesMax
        return optional("an absolute path of at most \(bytesMax) bytes, or empty for none") { text in
            isPath(text) && text.utf8.count <= bytesMax
        }
    }

    /// An absolute path or the name of a systemd credential, or empty for none.
    static var optionalPathOrCredential: Self {
        optional("an absolute path, a credential's name, or empty for none") { text in
            isPath(text) || isWord(text, also: "._-") && text.contains { $0 != "." }
        }
    }

    /// ASCII letters and digits, at most `bytesMax`, or empty for none. Rasa: `key_prefix`.
    static func optionalAlphanumeric(bytesMax: Int) -> Self {
        optional("at most \(bytesMax) of the letters a to z and A to Z and digits, or empty for none") {
            text in
            text.utf8.count <= bytesMax && isWord(text)
        }
    }

    /// What Sentinel allows for a master's name, or empty for none.
    static var optionalMasterName: Self {
        optional("a name of letters a to z and A to Z, digits, \".\", \"-\" and \"_\", or empty for none") {
            text in
            text.utf8.count <= 128 && isWord(text, also: "._-")
        }
    }

    private static func optional(
        _ allowed: String, isAllowed: @escaping @Sendable (String) -> Bool
    ) -> Self {
        let yaml: @Sendable (String?) -> String = { QuotedText.quoted($0 ?? "") }
        return .one(allowed, yaml: yaml) { text in
            if text.isEmpty { return .some(nil) }
            return isAllowed(text) ? .some(text) : nil
        }
    }

    private static func isPath(_ text: String) -> Bool {
        text.hasPrefix("/") && !text.hasSuffix("/") && text.utf8.count <= 4095
            && !text.unicodeScalars.contains(where: QuotedText.isUnsafe)
    }

    private static func isWord(_ text: String, also more: String = "") -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": true
            default: more.unicodeScalars.contains(scalar)
            }
        }
    }
}
