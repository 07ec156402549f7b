import Logging
import Testing

@testable import ticketlockd

@Suite("Logging: the lines")
struct LoggingFormatTests {
    private func line(
        _ style: LogFormatter.Style, _ message: String, _ metadata: Logger.Metadata = [:],
        level: Logger.Level = .info
    ) -> String {
        LogFormatter(style: style).line(
            time: fixedTime, level: level, logger: "test", message: message, metadata: metadata)
    }

    @Test("Text has time, level, message and sorted metadata")
    func text() {
        #expect(
            line(.text(colour: false), "ticket issued", ["b": "2", "a": "x y"])
                == "2026-11-21T12:40:29.123Z info  ticket issued a=\"x y\" b=2\n")
    }

    @Test("The messages of short levels stand in one column")
    func columns() {
        let starts = Logger.Level.allCases.map { line(.text(colour: false), "m", level: $0).dropFirst(25) }
        #expect(
            starts.map(String.init) == [
                "trace m\n", "debug m\n", "info  m\n", "notice m\n", "warning m\n", "error m\n",
                "critical m\n",
            ])
    }

    @Test("Colour is around the level only")
    func colour() {
        #expect(line(.text(colour: true), "m", level: .error).hasSuffix("Z \u{1b}[31merror\u{1b}[0m m\n"))
    }

    @Test("The journal gets syslog's priority and keeps the time itself")
    func journal() {
        let starts = Logger.Level.allCases.map { line(.journal, "m", ["k": "v"], level: $0) }
        #expect(starts == [7, 7, 6, 5, 4, 3, 2].map { "<\($0)>m k=v\n" })
    }

    @Test(
        "A value that could be misread is quoted and escaped",
        arguments: [
            ("plain", "plain"), ("", #""""#), ("a b", #""a b""#), ("a=b", #""a=b""#), ("a\nb", #""a\nb""#),
            ("\"", #""\"""#), ("\\", #""\\""#), ("\u{1b}[2J", #""\u001b[2J""#), ("\r\n", #""\r\n""#),
            ("\u{0}", #""\u0000""#), ("\u{85}", #""\u0085""#), ("\u{202e}x", #""\u202ex""#),
            ("\u{2028}", #""\u2028""#), ("🔒é", "🔒é"), ("a\u{a0}b", "\"a\u{a0}b\""),
        ])
    func values(value: String, written: String) {
        #expect(line(.journal, "m", ["k": "\(value)"]) == "<6>m k=\(written)\n")
    }

    @Test("Bytes that are not UTF-8 come out as replacement characters")
    func invalid() {
        let text = String(decoding: [0x61, 0xff, 0x62], as: UTF8.self)
        #expect(line(.journal, text, ["k": "\(text)"]) == "<6>a\u{fffd}b k=a\u{fffd}b\n")
    }

    @Test("A line is one line, whatever the message, the names and the values hold")
    func oneLine() {
        let text = (0...0x2100).compactMap(Unicode.Scalar.init).map(String.init).joined()
        for style in [LogFormatter.Style.text(colour: false), .text(colour: true), .journal, .json] {
            let all = line(style, text, ["\(text)": "\(text)", "l": ["\(text)"], "d": [text: "\(text)"]])
            #expect(all.hasSuffix("\n"))
            let body = all.dropLast().unicodeScalars
            #expect(!body.contains { $0 != "\u{1b}" && QuotedText.isUnsafe($0) })
            #expect(body.filter { $0 == "\u{1b}" }.count == (style == .text(colour: true) ? 2 : 0))
        }
    }

    @Test("JSON is one object a line, with metadata of every shape")
    func json() {
        #expect(
            line(
                .json, "a\"b\\c\n\u{1}🔒",
                ["s": "x", "n": .stringConvertible(5), "l": ["1", ["2"]], "d": ["k": ["j": "\""]]])
                == #"{"time":"2026-11-21T12:40:29.123Z","level":"info","logger":"test","#
                + #""message":"a\"b\\c\n\u0001🔒","metadata":{"d":{"k":{"j":"\""}},"#
                + #""l":["1",["2"]],"n":"5","s":"x"}}"#
                + "\n")
        #expect(line(.json, "m").hasSuffix(#""message":"m"}"# + "\n"))
    }

    @Test("Lists and maps in text are JSON")
    func nested() {
        #expect(line(.journal, "m", ["k": ["a", "b c"], "j": [:]]) == "<6>m j={} k=[\"a\",\"b c\"]\n")
    }

    @Test(
        "Times are RFC 3339 in UTC",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_400, 7, "2000-02-29T00:00:00.007Z"),
            (4_102_444_799, 999, "2099-12-31T23:59:59.999Z"), (-1, 40, "1969-12-31T23:59:59.040Z"),
        ])
    func times(seconds: Int, milliseconds: Int, text: String) {
        #expect(WallTime(seconds: seconds, milliseconds: milliseconds).rfc3339 == text)
    }

    @Test("The style follows the format, the journal, the terminal and NO_COLOR")
    func style() {
        func style(_ format: LogFormat, _ journal: Bool, _ terminal: Bool, _ noColour: String?)
            -> LogFormatter.Style
        {
            LogFormatter.style(
                format: format, isJournal: journal, isTerminal: terminal,
                environment: noColour.map { ["NO_COLOR": $0] } ?? [:])
        }
        #expect(style(.text, false, true, nil) == .text(colour: true))
        #expect(style(.text, false, true, "") == .text(colour: true))
        #expect(style(.text, false, true, "1") == .text(colour: false))
        #expect(style(.text, false, false, nil) == .text(colour: false))
        #expect(style(.text, true, false, nil) == .journal)
        #expect(style(.json, true, true, nil) == .json)
    }

    @Test("JOURNAL_STREAM must name the device and the inode of standard error")
    func journalStream() {
        #expect(StandardErrorOutput.isJournal("8:123", device: 8, inode: 123))
        #expect(!StandardErrorOutput.isJournal("8:124", device: 8, inode: 123))
        #expect(!StandardErrorOutput.isJournal("9:123", device: 8, inode: 123))
        #expect(!StandardErrorOutput.isJournal("8:123x", device: 8, inode: 123))
        #expect(!StandardErrorOutput.isJournal(nil, device: 8, inode: 123))
        #expect(!StandardErrorOutput.isJournal(environment: ["JOURNAL_STREAM": "0:0"]))
    }
}
