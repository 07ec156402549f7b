/// Text that came from outside, made fit for one line of output.
enum QuotedText {
    /// The most characters of a value that a message repeats.
    static let shownCharactersMax = 80

    /// `text` with its control characters, and the characters that reorder or break lines, written as escapes
    /// that both JSON and YAML read; with `quotes`, also quotes and backslashes.
    static func escaped(_ text: String, quotes: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\"" where quotes: result += "\\\""
            case "\\" where quotes: result += "\\\\"
            case _ where isUnsafe(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `text` in double quotes, whole: a scalar of YAML and of JSON.
    static func quoted(_ text: String) -> String {
        "\"" + escaped(text, quotes: true) + "\""
    }

    /// `text` in double quotes, cut off after `shownCharactersMax`: for messages.
    static func shown(_ text: String) -> String {
        let start = text.prefix(shownCharactersMax)
        return start.endIndex == text.endIndex ? quoted(text) : quoted(String(start)) + "..."
    }

    /// Whether a scalar could move a terminal's cursor, break a line or reorder what stands around it. All of
    /// these are below U+10000, so four hexadecimal digits spell them.
    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}
