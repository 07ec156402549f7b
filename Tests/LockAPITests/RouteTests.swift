import LockAPI
import Support
import Testing

@Suite struct RouteTests {
    private static let posts = ["issue-ticket", "cleanup", "finish-serving", "acquire", "wait", "extend"].map
    { "/v1/\($0)" }
    private static let gets = [
        "/v1/is-waiting", "/v1/locks", "/healthz", "/readyz", "/version", "/metrics", "/",
    ]
    private static let allowed: [(path: String, methods: [String])] =
        posts.map { ($0, ["OPTIONS", "POST"]) } + gets.map { ($0, ["GET", "HEAD", "OPTIONS"]) }
        + [("/v1/lock", ["DELETE", "GET", "HEAD", "OPTIONS", "PUT"])]

    @Test("Every path takes its methods, and answers others 405 with those that it takes", arguments: allowed)
    func methods(path: String, methods: [String]) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let others = [
                "get", "Post", "PATCH", "TRACE", "CONNECTX", "G", String(repeating: "LONG", count: 200),
            ]
            for method in ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"] + others {
                let response = try client.call(method, path, method == "POST" || method == "PUT" ? "{}" : nil)
                guard !methods.contains(method) else {
                    #expect(response.status != 405 && response.status < 500)
                    continue
                }
                #expect(response.header("allow") == methods.joined(separator: ", "))
                if method == "HEAD" {
                    #expect(response.status == 405)
                } else {
                    try expectProblem(response, 405, "method_not_allowed", method)
                }
            }
        }
    }

    @Test("OPTIONS tells what a path takes, and * what the service takes")
    func options() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for (path, methods) in Self.allowed {
                let response = try client.call("OPTIONS", path)
                #expect(response.status == 200)
                #expect(response.header("allow") == methods.joined(separator: ", "))
                #expect(response.body.isEmpty)
            }
            let all = try client.call("OPTIONS", "*")
            #expect(all.status == 200)
            #expect(all.header("allow") == "DELETE, GET, HEAD, OPTIONS, POST, PUT")
        }
    }

    @Test(
        "HEAD has the headers of GET and no body",
        arguments: gets.filter { $0 != "/metrics" } + ["/v1/lock", "/nowhere"])
    func head(path: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let get = try client.get(path)
            let head = try client.call("HEAD", path)
            #expect(head.status == get.status)
            #expect(try head.contentLength == get.body.count)
            #expect(head.header("content-type") == get.header("content-type"))
        }
    }

    @Test(
        "A path is served as it is spelled and in no other way",
        arguments: [
            "/v1", "/v1/", "/v1/locks/", "/V1/locks", "/v1/Locks", "//v1/locks", "/v1//locks", "/v1/./locks",
            "/v1/../healthz",
            "/v1/loc%6Bs", "/%76%31/locks", "/healthz/", "/favicon.ico", "*", "/v2/locks", "/v1/locks;x=1",
            "/é", "/%00", "/.",
            "/v1/lock/ada", "/v1/locks%3Flimit=1",
        ])
    func otherPaths(path: String) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            for method in ["GET", "POST", "PUT", "BREW"] {
                try expectProblem(try client.call(method, path), 404, "not_found", method)
            }
        }
    }

    @Test("Alive, ready, version and the list of paths are told to whoever asks")
    func service() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            #expect(try client.get("/healthz").text == #"{"status":"ok"}"#)
            #expect(try client.get("/readyz").text == #"{"status":"ready"}"#)
            let version = try client.get("/version").json
            #expect(version["name"] == "ticketlockd")
            #expect(version["version"] == "1.2.3")
            let index = try client.get("/")
            #expect(index.header("content-type") == "text/plain; charset=utf-8")
            for (path, _) in Self.allowed where path != "/" { #expect(index.text.contains(path), "\(path)") }
            await service.api.shutDown()
            #expect(try client.get("/healthz").status == 200)
            try expectProblem(try client.get("/readyz"), 503, "shutting_down")
        }
    }

    @Test(
        "A body is JSON by its Content-Type or refused: no browser sends that to another site unasked",
        arguments: [
            ("application/json", true), ("Application/JSON", true), ("application/json; charset=utf-8", true),
            ("application/json;charset=UTF-8", true), ("application/json ;x", true), (nil, false),
            ("", false),
            ("text/plain", false), ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
            ("text/json", false), ("application/jsonx", false), ("application/json-seq", false),
            ("application/jso", false),
            ("application/problem+json", false), ("text/plain; application/json", false),
            ("application", false),
            ("*/*", false), ("\"application/json\"", false),
        ])
    func contentType(type: String?, isGood: Bool) async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let body = Array(#"{"conversation_id":"ada"}"#.utf8)
            for (method, target) in [("POST", "/v1/issue-ticket"), ("PUT", "/v1/lock")] {
                try client.sendRequest(method, target, type.map { ["Content-Type: \($0)"] } ?? [], body: body)
                let response = try client.response()
                if isGood {
                    #expect(response.status < 300)
                } else {
                    try expectProblem(response, 415, "unsupported_media_type", field: "Content-Type")
                    #expect(try client.listing()["locks"] == [])
                }
            }
        }
    }

    @Test("No answer lets other sites read it")
    func noCORS() async throws {
        try await TestService.with { service in
            let client = try service.connect()
            let headers = ["Origin: https://example.com", "Access-Control-Request-Method: POST"]
            for method in ["GET", "OPTIONS"] {
                let response = try client.call(method, "/v1/locks", nil, headers)
                #expect(!response.headers.contains { $0.name.hasPrefix("access-control") })
            }
        }
    }
}
