package import TicketLock

/// Something in a history that no order of its operations explains.
package struct Finding: Equatable, Sendable, CustomStringConvertible {
    package enum Kind: String, CaseIterable, Sendable {
        case twoHolders = "two holders"
        case overWhenWritten = "over when written"
        case numberRepeats = "a number repeats"
        case numberGoesBack = "a number goes back"
        case numberSkips = "a number was skipped"
        case tokenGoesBack = "a token goes back"
        case order = "out of order"
        case forgotten = "forgotten"
        case cameBack = "came back"
        case answerLost = "an answer was lost"
        case changed = "something was changed"
        case contradiction = "a contradiction"
    }

    package let kind: Kind
    /// The line that cannot be.
    package let line: Int
    /// Its moment, counted from the first line's.
    package let at: Duration
    package let id: ConversationID
    /// A sentence.
    package let text: String

    package var description: String {
        "line \(line), at \(shownSeconds(at)): \(kind.rawValue) in \(quoted(id.string)): \(text)"
    }
}

/// A span as it is shown: seconds with all that is not nought behind the point.
func shownSeconds(_ span: Duration) -> String {
    let nanoseconds = span.nanoseconds
    let fraction = nanoseconds.magnitude % 1_000_000_000
    var text = (nanoseconds < 0 ? "-" : "") + "\(nanoseconds.magnitude / 1_000_000_000)"
    if fraction > 0 {
        var digits = String(fraction + 1_000_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        text += "." + digits
    }
    return text + " s"
}

/// A text as it is shown: cut to a readable length.
func quoted(_ text: String) -> String {
    let shown = text.prefix(64)
    return shown.endIndex == text.endIndex ? "\"\(shown)\"" : "\"\(shown)...\""
}
