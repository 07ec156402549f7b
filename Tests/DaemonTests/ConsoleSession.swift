import Foundation

/// The commands that a Markdown text shows with their output, in fenced blocks of the language `console`:
///
///     ```console
///     $ curl localhost:5625/healthz
///     {"status":"ok"}
///     ```
///
/// - A line that begins with `$ ` is a command; one that ends in `\` goes on in the next line. The lines up to the
///   next command are its output.
/// - A command that ends in ` &` runs in the background. The next one follows once its request is parked, and its
///   output, shown right below it, is compared when the block has ended.
/// - In an output, the values of `token`, `expires`, `expires_in` and the header `Date` vary, and are compared by
///   their shape. `...` stands for any text within a line, and alone for any number of lines.
/// - A block counts if its first command is curl; then all of its commands must be.
struct ConsoleSession {
    struct Command: Equatable {
        /// The line of the text, counted from 1.
        let line: Int
        let text: String
        let isInBackground: Bool
        var output: String
    }

    struct Malformed: Error, CustomStringConvertible {
        let line: Int
        let reason: String
        var description: String { "line \(line): \(reason)" }
    }

    private(set) var blocks: [[Command]] = []

    /// Reads a Markdown text.
    init(markdown: String) throws {
        var block: [Command]?
        var unfinished: (line: Int, text: String)?
        for (index, line) in markdown.components(separatedBy: "\n").enumerated() {
            let number = index + 1
            guard var commands = block else {
                if line == "```console" { block = [] }
                continue
            }
            if let start = unfinished {
                unfinished = nil
                Self.add(start.text + line, start.line, to: &commands, &unfinished)
            } else if line == "```" {
                try take(commands)
                block = nil
                continue
            } else if line.hasPrefix("$ ") {
                Self.add(String(line.dropFirst(2)), number, to: &commands, &unfinished)
            } else {
                guard !commands.isEmpty else {
                    throw Malformed(line: number, reason: "output without a command")
                }
                commands[commands.count - 1].output += line + "\n"
            }
            block = commands
        }
        if block != nil { throw Malformed(line: 0, reason: "the last console block has no end") }
    }

    private static func add(
        _ text: String, _ line: Int, to commands: inout [Command],
        _ unfinished: inout (line: Int, text: String)?
    ) {
        if text.hasSuffix("\\") {
            unfinished = (line, text.dropLast() + " ")
            return
        }
        let isInBackground = text.hasSuffix(" &")
        let text = isInBackground ? String(text.dropLast(2)) : text
        commands.append(Command(line: line, text: text, isInBackground: isInBackground, output: ""))
    }

    private mutating func take(_ commands: [Command]) throws {
        guard let first = commands.first, first.text.hasPrefix("curl ") else { return }
        for command in commands where !command.text.hasPrefix("curl ") {
            throw Malformed(line: command.line, reason: "a block that begins with curl has only curl")
        }
        blocks.append(commands)
    }

    /// Whether `output` is what was shown, but for what varies.
    static func matches(_ output: String, shown: String) -> Bool {
        let shown = withoutVarying(shown).split(separator: "\n", omittingEmptySubsequences: true)
        let pattern = shown.map { line -> String in
            if line == "..." { return "(?:.*\n)*" }
            let parts = line.split(separator: "...", omittingEmptySubsequences: false)
            return parts.map { NSRegularExpression.escapedPattern(for: String($0)) }.joined(separator: ".*")
                + "\n"
        }
        let lines = withoutVarying(output).split(separator: "\n", omittingEmptySubsequences: true)
        let text = lines.map { $0 + "\n" }.joined()
        return text.range(of: "\\A" + pattern.joined() + "\\z", options: .regularExpression) != nil
    }

    private static func withoutVarying(_ text: String) -> String {
        text.replacing("\r\n", with: "\n")
            .replacing(#/"token":[1-9]\d*/#, with: "\"token\":NUMBER")
            .replacing(#/"(expires|expires_in)":\d+\.\d{6}/#) { "\"\($0.output.1)\":SECONDS" }
            .replacing(#/Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/#, with: "Date: DATE")
    }
}
