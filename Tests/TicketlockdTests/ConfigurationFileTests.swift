import Testing
import TicketLock

@testable import ticketlockd

@Suite("Configuration: the YAML file")
struct ConfigurationFileTests {
    @Test(
        "A file without values changes nothing",
        arguments: [
            "", "\n", "# nothing\n", "---\n", "{}", "locks:\n", "locks: {}\nhttp:\n", "\u{feff}log:\n",
            "---\n...\n",
        ])
    func empty(text: String) throws {
        let loaded = try load(file: text)
        #expect(loaded.configuration == .defaults && loaded.sources.isEmpty)
    }

    @Test("Sections, dotted names, quotes and either kind of line end are read alike")
    func shapes() throws {
        for text in [
            "locks:\n  max_locks: 5\n", "locks.max_locks: 5", "locks: {max_locks: \"5\"}",
            "locks:\r\n  max_locks: '5'\r\n",
            "{\"locks\": {\"max_locks\": 5}}",
        ] {
            #expect(try load(file: text).configuration.locks.locksMax == 5)
        }
    }

    @Test(
        "What is not right is refused, with its line",
        arguments: [
            (
                "log:\n  level: info\n  level: debug",
                "log.level: is there twice, first on line 2 [test.yaml:3]"
            ),
            (
                "log:\n  level: info\nlog:\n  format: json",
                "log: is there twice, first on line 1 [test.yaml:3]"
            ),
            (
                "log.level: info\nlog: {level: info}",
                "log.level: is there twice, first on line 1 [test.yaml:2]"
            ),
            ("zebra: 1", "zebra: is not a known key; --print-config lists them [test.yaml:1]"),
            ("zebra: {}", "zebra: is not a known key; --print-config lists them [test.yaml:1]"),
            (
                "lock:\n  max_wait: 1",
                "lock.max_wait: is not a known key; did you mean locks.max_wait? [test.yaml:2]"
            ),
            ("max_wait: 1", "max_wait: is not a known key; did you mean locks.max_wait? [test.yaml:1]"),
            (
                "<<: {log.level: info}",
                "<<.log.level: is not a known key; --print-config lists them [test.yaml:1]"
            ),
            ("store: 5", "store: \"5\" is not a section with any of store.type, store.state_directory,"),
            ("store: []", "store: a list is not a section with any of store.type, store.state_directory,"),
            ("log:\n  level: [info]", "a list is not one of: trace"),
            (
                "listen:\n  - systemd\n  - [systemd]",
                "listen: a list or map inside a list is not allowed [test.yaml:3]"
            ),
            ("listen:\n  - systemd\n  - foo:1", "listen: \"foo:1\" does not begin with a numeric address; "),
            (
                "listen:\n  - |\n    foo:1\n",
                "unix:/PATH and systemd [test.yaml:2]"
            ),
            ("listen: []", "listen: has 0 addresses; allowed is a list of 1 to 16"),
            ("- 1", "does not hold keys with values, such as \"log: {level: debug}\" [test.yaml:1]"),
            ("text", "does not hold keys with values"),
            ("log:\n  level: info\n---\nlog: {}", "has a second document after \"---\" [test.yaml:3]"),
            ("log: &a {}", "has an anchor or a tag (&name, !name), which are not allowed [test.yaml:1]"),
            ("\nlog: !!map {}", "has an anchor or a tag (&name, !name), which are not allowed [test.yaml:2]"),
            ("log: *a", "has an alias (*name), which is not allowed [test.yaml:1]"),
            ("[a]: 1", "has a key that is not a name [test.yaml:1]"),
            ("\n\ttab: 1", "is not valid YAML: the line is indented by a tab; use spaces [test.yaml:2]"),
            (
                "log:\n  level: info\n \tformat: text\n",
                "is not valid YAML: the line is indented by a tab; use spaces [test.yaml:3]"
            ),
            ("a: \t[1", "is not valid YAML: "),
            ("a: 1\nb: \"\u{1}\"", "is not valid YAML: control characters are not allowed [test.yaml:2]"),
            ("a: 1\nb: \0", "is not valid YAML: control characters are not allowed [test.yaml:2]"),
            ("a: \"", "is not valid YAML: "),
            ("a: [1, 2", "is not valid YAML: "),
        ])
    func refused(text: String, message: String) throws {
        let found = try errors(file: text)
        #expect(found.count == 1)
        #expect(found.first?.contains(message) == true, "\(found)")
    }

    @Test("Eight levels are looked into, a ninth and a hundred thousandth are refused")
    func depth() throws {
        func nested(_ levels: Int) -> String { "listen: " + String(repeating: "[", count: levels - 1) }
        let eight = nested(8) + String(repeating: "]", count: 7)
        #expect(
            try errors(file: eight) == ["listen: a list or map inside a list is not allowed [test.yaml:1]"])
        for levels in [9, 100_000] {
            #expect(try errors(file: nested(levels)) == ["is nested deeper than 8 levels [test.yaml:1]"])
        }
    }

    @Test("A broken file does not hide what is wrong elsewhere")
    func otherErrors() throws {
        #expect(try errors(["--set", "log.level=x"], file: "[").count == 2)
    }

    @Test(
        "Bytes that are not UTF-8 are refused with their line",
        arguments: [[0xff], [0xc3], [0xed, 0xa0, 0x80]])
    func invalidUTF8(bytes: [UInt8]) {
        let file = ConfigurationFile(path: "a", bytes: Array("log:\n  level: ".utf8) + bytes + [0x0a])
        #expect(file.errors.map(\.description) == ["is not valid UTF-8 [a:2]"])
        #expect(file.entries.isEmpty)
    }

    @Test("Text cut off or changed at any place is read or refused, never a crash")
    func mutations() throws {
        let text = Array(try load().yaml.utf8)
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &random)
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        for _ in 0..<500 {
            var bytes = text
            for _ in 0...next(4) { bytes[next(bytes.count)] = UInt8(next(256)) }
            if next(2) == 0 { bytes.removeLast(next(bytes.count)) }
            let file = ConfigurationFile(path: "a", bytes: bytes)
            var loader = ConfigurationLoader()
            loader.add(file.errors)
            loader.add(file.entries)
            loader.checkRules()
            #expect(loader.errors.allSatisfy { !$0.description.contains("\n") }, "seed \(seed)")
        }
    }
}
