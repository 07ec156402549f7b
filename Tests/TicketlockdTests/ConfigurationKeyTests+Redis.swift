extension ConfigurationKeyTests {
    private static let paths = ["", "/a", "/a b/c.pem"]
    private static let notPaths = [
        "a", "./a", "/", "/a/", "~/a", " /a", "/a\nb", "/" + String(repeating: "a", count: 4096),
    ]

    static let redis: [Edges] = [
        Edges(
            key: "redis.host",
            good: [
                "localhost", "redis-1.example.org", "a_b", "10.0.0.1", "::1", "fe80::1",
                String(repeating: "a", count: 253),
            ],
            bad: [
                "", " a", "a b", "[::1]", "::g", "a:1", "-a", ".a", "a/b", "\u{e9}", "a\0b",
                String(repeating: "a", count: 254),
            ]),
        Edges(key: "redis.port", good: ["1", "65535"], bad: ["0", "65536"] + notNumbers),
        Edges(key: "redis.db", good: ["0", "65535"], bad: ["65536"] + notNumbers),
        Edges(
            key: "redis.username", good: ["", String(repeating: "a", count: 128)],
            bad: ["a b", " ", "a\nb", String(repeating: "a", count: 129)], room: "redis: {password_file: /p}"),
        Edges(
            key: "redis.password_file", good: paths + ["redis-password", "a.b_c"],
            bad: ["./a", "/", "a/b", "..", ".", "a b"]),
        Edges(key: "redis.use_ssl", good: ["false", "true"], bad: ["", "yes", "1", "True", "on"]),
        Edges(key: "redis.ssl_certfile", good: paths, bad: notPaths, room: "redis: {use_ssl: true}"),
        Edges(
            key: "redis.ssl_keyfile", good: paths, bad: notPaths,
            room: "redis: {use_ssl: true, ssl_certfile: /c}"),
        Edges(key: "redis.ssl_ca_certs", good: paths, bad: notPaths, room: "redis: {use_ssl: true}"),
        Edges(
            key: "redis.key_prefix", good: ["", "rasa", "A1", String(repeating: "a", count: 64)],
            bad: ["a-b", "a:", "a_b", "a b", "\u{e9}", "\u{663}", String(repeating: "a", count: 65)]),
        Edges(key: "redis.socket_timeout", good: ["0.1", "300"], bad: ["0", "0.09", "300.1"] + notNumbers),
        Edges(
            key: "redis.unix_socket", good: paths + ["/" + String(repeating: "a", count: 106)],
            bad: notPaths + ["/" + String(repeating: "a", count: 107)]),
        Edges(
            key: "redis.sentinels",
            good: [
                "a:1", "a:1,b:1,a:2,[::1]:65535,10.0.0.1:26379",
                (1...16).map { "a:\($0)" }.joined(separator: ","),
            ],
            bad: [
                "a", ":1", "a:0", "a:65536", "::1:1", "[a]:1", "a:1,a:1", "a:1,", "a b:1",
                (1...17).map { "a:\($0)" }.joined(separator: ","),
            ], room: "redis: {sentinel_master: m}"),
        Edges(
            key: "redis.sentinel_master", good: ["mymaster", "a.b-c_D9"],
            bad: ["a b", "a:b", "\u{e9}", String(repeating: "a", count: 129)],
            room: "redis: {sentinels: [a:1]}"),
        Edges(
            key: "redis.sentinel_username", good: ["", String(repeating: "a", count: 128)],
            bad: ["a b", " ", "a\nb", String(repeating: "a", count: 129)],
            room: "redis: {sentinels: [a:1], sentinel_master: m, sentinel_password_file: /p}"),
        Edges(
            key: "redis.sentinel_password_file", good: paths + ["redis-password", "a.b_c"],
            bad: ["./a", "/", "a/b", "..", ".", "a b"],
            room: "redis: {sentinels: [a:1], sentinel_master: m}"),
        Edges(key: "redis.wait_replicas", good: ["0", "16"], bad: ["17"] + notNumbers),
    ]
}
