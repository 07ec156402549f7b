import ArgumentParser
import Logging
import Testing
import TicketLock

@testable import ticketlockd

@Suite("Configuration: sources and their order")
struct ConfigurationSourceTests {
    @Test("The command line goes over the environment, that over the file, that over the default")
    func precedence() throws {
        let file = "locks: {max_wait: 101, max_locks: 101, max_tickets_per_lock: 101}\n"
        let environment = ["TICKETLOCKD_LOCKS_MAX_WAIT": "102", "TICKETLOCKD_LOCKS_MAX_LOCKS": "102"]
        let loaded = try load(["--set", "locks.max_wait=103"], environment: environment, file: file)
        #expect(loaded.configuration.locks.maxWait == .seconds(103))
        #expect(loaded.configuration.locks.locksMax == 102)
        #expect(loaded.configuration.locks.ticketsPerLockMax == 101)
        #expect(loaded.configuration.locks.defaultWait == .seconds(30))
        #expect(
            loaded.sources == [
                "locks.max_wait": .flag("--set"),
                "locks.max_locks": .environment(name: "TICKETLOCKD_LOCKS_MAX_LOCKS"),
                "locks.max_tickets_per_lock": .file(path: "test.yaml", line: 1),
            ])
    }

    @Test("Lists replace each other whole, they do not add up")
    func lists() throws {
        let file = "listen:\n  - 127.0.0.1:1\n  - unix:/a,b\n"
        #expect(
            try load(file: file).configuration.listen == [
                .ipv4(host: "127.0.0.1", port: 1), .unix(path: "/a,b"),
            ])
        let flags = ["--listen", "[::1]:2", "--listen", "systemd"]
        #expect(try load(flags, file: file).configuration.listen == [.ipv6(host: "::1", port: 2), .systemd])
        #expect(
            try load(environment: ["TICKETLOCKD_LISTEN": "systemd,[::1]:2"]).configuration.listen.count == 2)
    }

    @Test("systemd's STATE_DIRECTORY is the state directory unless any other source says otherwise")
    func stateDirectory() throws {
        let systemd = ["STATE_DIRECTORY": "/var/lib/ticketlockd:/var/lib/other"]
        let loaded = try load(environment: systemd)
        #expect(loaded.configuration.store.stateDirectory == "/var/lib/ticketlockd")
        #expect(loaded.sources["store.state_directory"] == .environment(name: "STATE_DIRECTORY"))
        let none = try load(environment: systemd, file: "store: {state_directory: ''}")
        #expect(none.configuration.store.stateDirectory == nil)
        let named = systemd.merging(["TICKETLOCKD_STORE_STATE_DIRECTORY": "/srv/locks"]) { $1 }
        #expect(try load(environment: named).configuration.store.stateDirectory == "/srv/locks")
        #expect(try load(environment: [:]).configuration.store.stateDirectory == nil)
    }

    @Test("The options that the service's unit adds are no unknown variable")
    func options() throws {
        #expect(try errors(environment: ["TICKETLOCKD_OPTIONS": "--discard-state"]) == [])
    }

    @Test("Rasa's TICKET_LOCK_LIFETIME counts only where ours is not set")
    func rasaLifetime() throws {
        let rasa = ["TICKET_LOCK_LIFETIME": "20"]
        #expect(try load(environment: rasa).configuration.locks.defaultLifetime == .seconds(20))
        #expect(
            try load(environment: rasa, file: "locks: {default_lifetime: 7}").configuration.locks
                .defaultLifetime
                == .seconds(20))
        let both = ["TICKET_LOCK_LIFETIME": "nonsense", "TICKETLOCKD_LOCKS_DEFAULT_LIFETIME": "30"]
        #expect(try load(environment: both).configuration.locks.defaultLifetime == .seconds(30))
        #expect(
            try errors(environment: ["TICKET_LOCK_LIFETIME": "x"]) == [
                "locks.default_lifetime: \"x\" is not a number of seconds (0.001 to 86400) "
                    + "[environment TICKET_LOCK_LIFETIME]"
            ])
    }

    @Test("A variable that begins like ours but is none is refused with the near name; others are left alone")
    func unknownVariables() throws {
        let environment = [
            "TICKETLOCKD_LOCKS_DEFAULT_LIFETIM": "1", "TICKETLOCKD_ZZZ": "1", "TICKETLOCK_URL": "x",
            "HOME": "/",
        ]
        #expect(
            try errors(environment: environment) == [
                "TICKETLOCKD_LOCKS_DEFAULT_LIFETIM: is not a variable of ticketlockd; did you mean "
                    + "TICKETLOCKD_LOCKS_DEFAULT_LIFETIME? [environment TICKETLOCKD_LOCKS_DEFAULT_LIFETIM]",
                "TICKETLOCKD_ZZZ: is not a variable of ticketlockd [environment TICKETLOCKD_ZZZ]",
            ])
    }

    @Test("No two keys share an environment name")
    func environmentNames() {
        #expect(Set(ConfigurationKey.all.map(\.environmentName)).count == ConfigurationKey.all.count)
    }

    @Test("An unknown key of --set is refused with the near name, and one set twice is not guessed at")
    func setProblems() throws {
        #expect(
            try errors(["--set", "default_lifetime=1", "--set", "lcoks.max_wait=1", "--set", "zzzzzz=secret"])
                == [
                    "default_lifetime: is not a known key; did you mean locks.default_lifetime? [--set]",
                    "lcoks.max_wait: is not a known key; did you mean locks.max_wait? [--set]",
                    "zzzzzz: is not a known key; --print-config lists them [--set]",
                ])
        #expect(
            try errors(["--set", "log.level=info", "--log-level", "debug", "--set", "log.level=error"]).count
                == 2)
        #expect(
            try errors(["--listen", "systemd", "--set", "listen=systemd"]) == [
                "listen: \"listen=systemd\" sets it again after --listen [--set]"
            ])
    }

    @Test("A --set without = is a matter of usage", arguments: ["a", "=a", ""])
    func setShape(text: String) {
        #expect(throws: (any Error).self) { try DaemonOptions.parse(["--set", text]) }
    }

    @Test("A value may hold = and be given with flags of its own")
    func flags() throws {
        #expect(try load(["--listen", "unix:/a=b"]).configuration.listen == [.unix(path: "/a=b")])
        #expect(try load(["--set", "listen=unix:/a=b"]).configuration.listen == [.unix(path: "/a=b")])
        #expect(try load(["--log-level", "debug"]).configuration.log.level == .debug)
        let found = try errors(["--log-level", "loud", "--listen", "x:1"])
        #expect(found.count == 2)
        #expect(found.first?.hasPrefix("listen: \"x:1\" does not begin with a numeric address") == true)
        #expect(found.first?.hasSuffix(" [--listen]") == true)
        #expect(found.last?.hasSuffix(" [--log-level]") == true)
    }

    @Test("Errors of all sources come at once, also of values that a stronger source replaces")
    func allAtOnce() throws {
        let found = try errors(
            ["--set", "locks.max_locks=0", "--log-level", "loud"],
            environment: ["TICKETLOCKD_LOCKS_MAX_LOCKS": "x", "TICKETLOCKD_NO": "1"],
            file: "locks:\n  max_locks: many\n  max_lock: 1\n")
        #expect(found.count == 6)
        #expect(
            found.contains("locks.max_locks: \"many\" is not a whole number (1 to 100000000) [test.yaml:2]"))
        #expect(found.filter { $0.hasPrefix("locks.max_locks: ") }.count == 3)
    }
}
