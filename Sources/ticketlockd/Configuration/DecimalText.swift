/// Numbers as the configuration spells them: decimal digits, at most one point, and nothing else. No sign,
/// exponent, underscore, unit or leading zero, all of which some reader of YAML takes for something else.
enum DecimalText {
    /// Digits after the point that `seconds` keeps exactly; more are refused.
    static let fractionDigitsMax = 9

    /// A whole number, or nil if `text` is not one or is above `Int.max`.
    static func integer(_ text: String) -> Int? {
        let digits = text.utf8
        guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        return Int(text)
    }

    /// A span in seconds, exact; nil if `text` is not a number or is too large for a `Duration`.
    static func seconds(_ text: String) -> Duration? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = integer(String(parts[0])), whole < Int.max / 2 else { return nil }
        guard parts.count == 2 else { return .seconds(whole) }
        let digits = parts[1].utf8
        guard (1...fractionDigitsMax).contains(digits.count), digits.allSatisfy(isDigit) else { return nil }
        var nanoseconds = 0
        for digit in digits { nanoseconds = nanoseconds * 10 + Int(digit - UInt8(ascii: "0")) }
        for _ in digits.count..<fractionDigitsMax { nanoseconds *= 10 }
        return .seconds(whole) + .nanoseconds(nanoseconds)
    }

    /// The spelling that `seconds` reads back, for a span that is not negative; finer than nanoseconds is cut
    /// off.
    static func text(seconds duration: Duration) -> String {
        let (whole, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        guard nanoseconds > 0 else { return "\(whole)" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: fractionDigitsMax - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
