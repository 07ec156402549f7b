import Foundation
import Support
import Testing

/// Shells that take turns with curl: each increments the number in a file, which nothing but the lock guards, and
/// notes its ticket while it holds it.
enum CurlClients {
    /// How a client gets its turn; each sets `ticket`.
    enum Way: String, CaseIterable {
        case acquire = """
            take() {
                answer=$(call acquire '{"conversation_id":"turns","timeout":300}')
                [[ $answer =~ \\"ticket\\":([0-9]+) ]] && ticket=${BASH_REMATCH[1]}
            }
            """
        case issueAndWait = """
            take() {
                answer=$(call issue-ticket '{"conversation_id":"turns","lifetime":600}')
                [[ $answer =~ \\"ticket\\":([0-9]+) ]] && ticket=${BASH_REMATCH[1]}
                while [[ $answer == *'"is_locked":true'* ]]; do
                    answer=$(call wait '{"conversation_id":"turns","timeout":0.7,"ticket":'$ticket'}')
                done
            }
            """
    }

    private static let script = """
        set -eu
        call() { curl --silent --show-error --fail-with-body --json "$2" "$URL/v1/$1"; }
        for ((turn = 0; turn < TURNS; turn++)); do
            take
            number=$(<counter)
            echo $ticket >> order
            echo $((number + 1)) > counter
            call finish-serving '{"conversation_id":"turns","ticket":'$ticket'}' > answer.$$
            [[ $(<answer.$$) == *'"removed":true'* ]]
        done
        """

    /// Lets `count` clients take `turns` turns each, at once, in `folder`; ends when all have.
    static func run(
        _ way: Way, count: Int, turns: Int, at daemon: RunningDaemon, in folder: URL
    ) async throws -> (number: Int?, order: [Int]) {
        let counter = folder.appending(path: "counter")
        try Data("0\n".utf8).write(to: counter)
        let environment = Command.inherited(adding: ["URL": try daemon.url, "TURNS": "\(turns)"])
        let log = folder.appending(path: "errors").path
        let text = "cd \"$1\"\n" + way.rawValue + "\n" + script
        var clients: [ChildProcess] = []
        defer { for client in clients { client.kill(group: true) } }
        let bash = try Command.path(of: "bash")
        for _ in 0..<count {
            clients.append(
                try ChildProcess(
                    bash, ["-c", text, "bash", folder.path], environment: environment, output: log,
                    errors: log,
                    leadsGroup: true))
        }
        for client in clients {
            let exit = try await client.exit(within: .seconds(180))
            let errors = String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self)
            try #require(exit == .status(0), "a client failed: \(errors)")
        }
        let number = String(decoding: try Data(contentsOf: counter), as: UTF8.self)
        let order = String(decoding: try Data(contentsOf: folder.appending(path: "order")), as: UTF8.self)
        return (Int(number.dropLast()), order.split(separator: "\n").compactMap { Int($0) })
    }
}
