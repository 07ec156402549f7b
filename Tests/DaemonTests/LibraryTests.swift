import Foundation
import Support
import Testing

private let symbolic = BuiltProducts.packageRoot.appending(path: ".build/fuzz/libmicrohttpd-symbolic").path
private let hasSymbolic = FileManager.default.fileExists(atPath: symbolic + "/libmicrohttpd.so.12")

extension DaemonSuite {
    /// Such a library calls its own functions where the project's should stand in their place.
    @Suite(
        "A libmicrohttpd built with -Bsymbolic-functions",
        .enabled(if: hasSymbolic, "needs Tests/Fuzz/libmicrohttpd.sh symbolic"))
    struct Library {
        @Test("The log says so, requests are answered, and what is malformed ends its connection only")
        func serves() async throws {
            try await RunningDaemon.with(environment: ["LD_LIBRARY_PATH": symbolic]) { daemon in
                #expect(try daemon.log.contains("answers some malformed requests with pages of its own"))
                let head = "GET /healthz HTTP/1.1\r\nHost: a\r\n"
                for (request, statuses) in [
                    (
                        "GET /healthz?\(String(repeating: "a&", count: 400)) HTTP/1.1\r\nHost: a\r\n\r\n",
                        [400]
                    ),
                    (head + "Cookie: \(String(repeating: "a;", count: 3_000))\r\n\r\n", [431]),
                    (head + "Cookie: a=b\r\n\r\n", [200]), (head + "no colon\r\n\r\n", [400]),
                    (head + "Content-Length: x\r\n\r\n", [400]), (head + "X: a\r\n folded\r\n\r\n", [400]),
                    (head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", [400]),
                    (head + "X : a\r\n\r\n", [400]), (head + "X: a\nY: b\r\n\r\n", [400]),
                    ("GET /healthz HTTP/1.1\r\n\r\n", [400]), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", [505]),
                    ("GET /\(String(repeating: "x", count: 20_000))", [414]), (head + "\r\n", [200]),
                ] {
                    let connection = try Connection(daemon)
                    try connection.send(request)
                    let reply = try #require(try await connection.reply(), "\(request.prefix(60))")
                    #expect(statuses.contains(reply.status), "\(request.prefix(60))")
                }
                let silent = try Connection(daemon)
                try silent.send(
                    "GET /\u{0}?\(String(repeating: "a&", count: 400)) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await silent.ends())
                #expect(try await daemon.get("/healthz").status == 200)
            }
        }
    }
}
