import Testing

@testable import ticketlockd

@Suite("Configuration: numbers, names and quoting")
struct ConfigurationTextTests {
    @Test(
        "Seconds are read and written exactly",
        arguments: [
            ("0", Duration.zero), ("1", .seconds(1)), ("0.1", .milliseconds(100)),
            ("60.000000001", .seconds(60) + .nanoseconds(1)),
            ("4611686018427387902", .seconds(4_611_686_018_427_387_902)),
        ])
    func seconds(text: String, duration: Duration) {
        #expect(DecimalText.seconds(text) == duration)
        #expect(DecimalText.text(seconds: duration) == text)
    }

    @Test("A zero at the end of a fraction changes nothing; a number too large is none")
    func secondsEdges() {
        #expect(DecimalText.seconds("1.500") == .milliseconds(1500))
        #expect(DecimalText.seconds("9223372036854775807") == nil)
        #expect(DecimalText.integer("9223372036854775807") == Int.max)
        #expect(DecimalText.integer("9223372036854775808") == nil)
    }

    @Test(
        "The near name is found, a far one is not",
        arguments: [
            ("locks.max_wait", "locks.max_wiat"), ("locks.max_wait", "max_wait"), ("log.level", "LOG.LEVEL"),
            ("listen", "lisen"), (nil, "zebra"), (nil, ""),
            (nil, String(repeating: "locks.max_wait", count: 1000)),
        ] as [(String?, String)])
    func nearest(expected: String?, given: String) {
        #expect(NearestName.nearest(to: given, among: ConfigurationKey.all.map(\.name)) == expected)
    }

    @Test("The distance counts insertions, deletions and replacements")
    func distance() {
        #expect(NearestName.distance("", "") == 0)
        #expect(NearestName.distance("", "abc") == 3)
        #expect(NearestName.distance("kitten", "sitting") == 3)
        #expect(NearestName.distance("sitting", "kitten") == 3)
    }

    @Test("Messages repeat a value in one line and not without end")
    func shown() {
        #expect(
            QuotedText.shown("a\"\\\n\r\t\u{0}\u{1b}\u{7f}\u{202e}🔒")
                == #""a\"\\\n\r\t\u0000\u001b\u007f\u202e🔒""#)
        #expect(QuotedText.shown(String(repeating: "x", count: 80)).count == 82)
        #expect(QuotedText.shown(String(repeating: "x", count: 81)).hasSuffix("x\"..."))
    }
}
