import Foundation
import Support
import Testing

extension DaemonSuite {
    @Suite("Many processes with curl")
    struct ManyProcesses {
        @Test(
            "32 clients increment a number in a file in turns: none is lost, and the order is that of the tickets",
            arguments: [(CurlClients.Way.acquire, 20), (.issueAndWait, 5)])
        func turns(_ way: CurlClients.Way, _ ordinaryTurns: Int) async throws {
            let turns = Sanitizer.scaled(ordinaryTurns, reduced: 3)
            try await RunningDaemon.with { daemon in
                try await withTemporaryFolder { folder in
                    let result = try await CurlClients.run(
                        way, count: 32, turns: turns, at: daemon, in: folder)
                    #expect(result.number == 32 * turns)
                    #expect(result.order == Array(0..<32 * turns))
                }
                let lock = try await daemon.get("/v1/lock?conversation_id=turns")
                #expect(try lock.member("last_issued") == 32 * turns - 1)
                #expect(try lock.member("is_someone_waiting") == false)
            }
        }

        @Test(
            "Clients that are killed while they wait in acquire give up their places; the others keep theirs")
        func killedWaiters() async throws {
            try await RunningDaemon.with { daemon in
                try await withTemporaryFolder { folder in
                    let connection = try Connection(daemon)
                    let first = try await connection.request("POST", "/v1/acquire", body)
                    let clients = try await startClients(10, at: daemon, in: folder)
                    defer { for client in clients { client.process.kill() } }
                    for index in [0, 1, 4, 9] { clients[index].process.kill() }
                    let living = [2, 3, 5, 6, 7, 8]
                    try await daemon.waitForWaiters(living.count, within: second)
                    let lock = try await daemon.get("/v1/lock?conversation_id=a")
                    let tickets: [[String: Any]] = try lock.member("tickets")
                    #expect(tickets.compactMap { $0["number"] as? Int } == [0] + living.map { $0 + 1 })

                    var held = try first.ticket
                    for index in living {
                        let finish = #"{"conversation_id":"a","ticket":\#(held)}"#
                        let finished = try await connection.request("POST", "/v1/finish-serving", finish)
                        #expect(try finished.member("removed") == true)
                        let exit = try await clients[index].process.exit(within: .seconds(10))
                        #expect(exit == .status(0))
                        let answer = try Data(contentsOf: clients[index].answer)
                        held = try Reply(status: 201, headers: [:], body: answer).ticket
                        #expect(held == index + 1)
                    }
                }
            }
        }

        @Test(
            "When the next in line is killed right before the hand-over, the one after it is served within a second"
        )
        func killedAtHandOver() async throws {
            try await RunningDaemon.with { daemon in
                try await withTemporaryFolder { folder in
                    let connection = try Connection(daemon)
                    for round in 0..<10 {
                        let first = try await connection.request("POST", "/v1/acquire", body)
                        let clients = try await startClients(
                            2, at: daemon, in: folder.appending(path: "\(round)"))
                        defer { for client in clients { client.process.kill() } }
                        // The hang-up and the end of the turn arrive together; no grant may go to the dead.
                        let finish = #"{"conversation_id":"a","ticket":\#(try first.ticket)}"#
                        clients[0].process.kill()
                        try connection.begin("POST", "/v1/finish-serving", finish)
                        let exit = try await clients[1].process.exit(within: second)
                        #expect(exit == .status(0))
                        _ = try await connection.reply()
                        let target = "/v1/lock?conversation_id=a"
                        let deleted = try await connection.request("DELETE", target)
                        #expect(try deleted.member("deleted") == true)
                    }
                }
            }
        }
    }
}

private let body = #"{"conversation_id":"a","lifetime":60,"timeout":60}"#
/// What a hand-over may take, with the start of processes and all.
private let second: Duration = Sanitizer.name == nil ? .seconds(1) : .seconds(5)

/// Starts curls that wait in acquire, in this order.
private func startClients(
    _ count: Int, at daemon: RunningDaemon, in folder: URL
) async throws -> [(process: ChildProcess, answer: URL)] {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var clients: [(process: ChildProcess, answer: URL)] = []
    for index in 0..<count {
        let answer = folder.appending(path: "answer\(index)")
        let arguments = ["--silent", "--fail-with-body", "--json", body, "\(try daemon.url)/v1/acquire"]
        let process = try ChildProcess(
            try Command.path(of: "curl"), arguments, environment: Command.inherited(adding: [:]),
            output: answer.path, errors: answer.path)
        clients.append((process, answer))
        try await daemon.waitForWaiters(index + 1)
    }
    return clients
}
