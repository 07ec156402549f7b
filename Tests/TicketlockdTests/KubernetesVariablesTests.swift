import Logging
import Testing

@testable import ticketlockd

@Suite("Variables of Kubernetes")
struct KubernetesVariablesTests {
    private static let injected = [
        "TICKETLOCKD_PORT": "tcp://10.96.0.17:5625",
        "TICKETLOCKD_SERVICE_HOST": "10.96.0.17",
        "TICKETLOCKD_SERVICE_PORT": "5625",
        "TICKETLOCKD_SERVICE_PORT_HTTP": "5625",
        "TICKETLOCKD_SERVICE_PORT_HTTP_2": "5626",
        "TICKETLOCKD_PORT_5625_TCP": "tcp://10.96.0.17:5625",
        "TICKETLOCKD_PORT_5625_TCP_PROTO": "tcp",
        "TICKETLOCKD_PORT_5625_TCP_PORT": "5625",
        "TICKETLOCKD_PORT_5625_TCP_ADDR": "10.96.0.17",
        "TICKETLOCKD_PORT_5626_UDP_ADDR": "10.96.0.17",
        "TICKETLOCKD_PORT_5627_SCTP": "sctp://10.96.0.17:5627",
        "TICKETLOCKD_REDIS_PORT": "tcp://10.96.0.17:6379",
        "TICKETLOCKD_HTTP_SERVICE_HOST": "10.96.0.17",
        "TICKETLOCKD_METRICS_PORT_6379_TCP_ADDR": "10.96.0.17",
    ]

    @Test("What Kubernetes sets for a service named ticketlockd is ignored, and named")
    func ignored() throws {
        let environment = Self.injected.merging(["TICKETLOCKD_LOG_LEVEL": "debug", "PATH": "/bin"]) { $1 }
        let loaded = try load(environment: environment)
        #expect(loaded.ignoredVariables == Self.injected.keys.sorted())
        #expect(loaded.configuration.log.level == .debug)
        #expect(loaded.sources.count == 1)
    }

    @Test(
        "What only looks like that is an unknown variable",
        arguments: [
            "TICKETLOCKD_PORTS", "TICKETLOCKD_SERVICE", "TICKETLOCKD_SERVICE_HOSTS",
            "TICKETLOCKD_SERVICE_PORT_", "TICKETLOCKD_PORT_", "TICKETLOCKD_PORT_HTTP_TCP",
            "TICKETLOCKD_PORT_5625", "TICKETLOCKD_PORT_5625_HTTP", "TICKETLOCKD_PORT_65536_TCP",
            "TICKETLOCKD_PORT_5625_TCP_NAME", "TICKETLOCKD_PORT_5625_TCP_PORT_X", "TICKETLOCKD_PROT",
        ])
    func unknown(_ name: String) throws {
        let found = try errors(environment: [name: "tcp://10.96.0.17:5625"])
        #expect(found.count == 1)
        #expect(found.first?.contains(name) == true)
    }

    @Test("A port in TICKETLOCKD_PORT is somebody's mistake: it chooses nothing, and is not ignored")
    func mistake() throws {
        #expect(try errors(environment: ["TICKETLOCKD_PORT": "5626"]).count == 1)
    }

    @Test("A port that is a number is the key's, and the key's only")
    func redisPort() throws {
        let loaded = try load(environment: ["TICKETLOCKD_REDIS_PORT": "6380"])
        #expect(loaded.configuration.redis.port == 6380)
        #expect(loaded.ignoredVariables.isEmpty)
    }

    @Test("No key has a name that Kubernetes could set, but for ports, which it sets to URLs")
    func keys() {
        for key in ConfigurationKey.all where !key.environmentName.hasSuffix("_PORT") {
            #expect(!KubernetesVariables.isKubernetes(key.environmentName, value: "tcp://10.96.0.17:5625"))
        }
    }
}
