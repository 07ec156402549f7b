import Testing

@testable import ticketlockd

@Suite("Configuration: rules between keys")
struct ConfigurationRuleTests {
    @Test(
        "One key may be as large as the other, not larger",
        arguments: [
            ("locks.default_lifetime", "locks.max_lifetime", "100", "100.001"),
            ("locks.max_lifetime", "locks.number_retention", "100", "100.001"),
            ("locks.default_wait", "locks.max_wait", "100", "100.001"),
            ("http.max_connections_per_ip", "http.max_connections", "100", "101"),
        ])
    func edges(smaller: String, larger: String, same: String, above: String) throws {
        // Out of the way of the other rules about the same keys.
        let room = smaller == "locks.max_lifetime" ? "locks: {default_lifetime: 1}" : "{}"
        let limit = ["--set", "\(larger)=100"]
        #expect(try errors(["--set", "\(smaller)=\(same)"] + limit, file: room) == [])
        #expect(
            try errors(["--set", "\(smaller)=\(above)"] + limit, file: room) == [
                "\(smaller): \(above) is more than \(larger), 100 (--set) [--set]"
            ])
    }

    @Test("A default that no longer fits is named as one")
    func defaultInTheWay() throws {
        #expect(
            try errors(file: "locks:\n  max_lifetime: 59\n") == [
                "locks.default_lifetime: 60 is more than locks.max_lifetime, 59 (test.yaml:2) [default]"
            ])
    }

    @Test("A wrong value is not also held against the rules")
    func oneErrorOnly() throws {
        #expect(
            try errors(["--set", "locks.max_lifetime=x", "--set", "locks.default_lifetime=5000"]).count == 1)
    }

    @Test("Whoever asks for power believes to have a state on disk")
    func powerWithoutDirectory() throws {
        let power = ["--set", "store.durability=power"]
        let refused = try errors(power)
        #expect(refused.count == 1)
        #expect(refused.first?.hasPrefix("store.durability") == true)
        #expect(try errors(power + ["--set", "store.state_directory=/a"]) == [])
        #expect(try errors(["--set", "store.durability=process"]) == [])
    }

    @Test("What a rule ties together is reloaded together, so that SIGHUP cannot break the rule")
    func reloadable() throws {
        // The type takes a restart, and until then a limit that it cannot keep is without effect.
        for rule in ConfigurationRule.all where rule.other != "store.type" {
            let key = try #require(ConfigurationKey.named(rule.key))
            let other = try #require(ConfigurationKey.named(rule.other))
            #expect(key.isReloadable == other.isReloadable)
        }
    }
}
