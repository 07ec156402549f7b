import HistoryChecker
import Support
import Testing

/// What is found in a history that is written in short: `SECONDS EVENT [REQUEST [OP] [CONVERSATION]] field=value...`,
/// a line each. The conversation is ada's if none is named; an answer's status stands behind its request.
func findings(in lines: [String], _ options: HistoryOptions = HistoryOptions()) throws -> [Finding] {
    let history = try lines.map(json).joined(separator: "\n")
    let checker = try HistoryChecker(checking: Array(history.utf8), options)
    return checker.findings
}

/// The kinds of what is found.
func kinds(in lines: [String], _ options: HistoryOptions = HistoryOptions()) throws -> [Finding.Kind] {
    try findings(in: lines, options).map(\.kind)
}

private func json(_ line: String) throws -> String {
    let words = line.split(separator: " ")
    let seconds = try #require(Double(words[0]))
    let event = words[1]
    var fields = [#""at":\#(Int64((seconds * 1e9).rounded()))"#, #""event":"\#(event)""#]
    var plain = words.dropFirst(2).filter { !$0.contains("=") }[...]
    if event == "fault" {
        fields.append(#""fault":"\#(plain.removeFirst())""#)
    } else if event != "end" {
        fields.append(#""request":\#(plain.removeFirst())"#)
    }
    if event == "sent" {
        fields.append(#""op":"\#(plain.removeFirst())""#)
        fields.append(#""conversation_id":"\#(plain.first ?? "ada")""#)
    } else if event == "answered" || event == "written" {
        fields.append(#""status":\#(plain.removeFirst())"#)
    }
    let texts: Set<Substring> = ["key", "code", "client", "if_busy"]
    for word in words.dropFirst(2) where word.contains("=") {
        let parts = word.split(separator: "=", maxSplits: 1)
        fields.append("\"\(parts[0])\":" + (texts.contains(parts[0]) ? "\"\(parts[1])\"" : "\(parts[1])"))
    }
    return "{" + fields.joined(separator: ",") + "}"
}

/// The answer that ticket `number` is served, told at `at`, for `expires_in` seconds; the token goes with the number.
func served(_ at: Double, _ request: Int, _ number: Int, _ expiresIn: Double = 20, event: String = "answered")
    -> String
{
    "\(at) \(event) \(request) 201 ticket=\(number) token=\(100 + number) is_locked=false now_serving=\(number)"
        + " expires_in=\(expiresIn)"
}

/// The answer that ticket `number` waits behind `head`.
func waiting(_ at: Double, _ request: Int, _ number: Int, behind head: Int, _ expiresIn: Double = 20)
    -> String
{
    "\(at) answered \(request) 201 ticket=\(number) token=\(100 + number) is_locked=true now_serving=\(head)"
        + " expires_in=\(expiresIn)"
}
