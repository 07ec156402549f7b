import Foundation
import Support
import Testing
import TicketLock

@testable import LockStore

extension DaemonSuite.State {
    @Test(
        "The locks that a daemon begins with are in its memory once: what changes them first copies nothing")
    func memory() async throws {
        try await withTemporaryFolder { folder in
            let directory = folder.path + "/state"
            try Self.fill(directory, count: 150_000)
            let settings = ["--listen", "127.0.0.1:0", "--set", "store.state_directory=\(directory)"]
            try await RunningDaemon.with(settings) { daemon in
                // What the first request takes for itself.
                _ = try await daemon.get("/v1/is-waiting?conversation_id=none")
                let before = try daemon.anonymousKilobytes
                _ = try await daemon.post("/v1/issue-ticket", #"{"conversation_id":"new"}"#)
                #expect(try daemon.anonymousKilobytes - before < 1_500)
            }
        }
    }

    /// Makes a state of so many locks with a ticket each.
    private static func fill(_ directory: String, count: Int) throws {
        let options = LockState.Options(directory: directory, durability: .process, limits: LockLimits())
        let clock = try MachineClock.system()
        var (state, table) = try LockState.open(options, clock: clock)
        let now = clock.now()
        for number in 0..<count {
            try state.makeReady(now: now)
            let id = ConversationID("\(number)")
            _ = try table.takeTicket(
                TicketRequest(lifetime: .seconds(3600), key: "k"), for: id, now: now
            ).get()
            try state.write(&table, now: now)
        }
        try state.close()
    }
}

extension RunningDaemon {
    /// Memory of its own, that is not a file's.
    fileprivate var anonymousKilobytes: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(process.processID)/status", encoding: .utf8)
            return try #require(status.firstMatch(of: /RssAnon:\s+(\d+) kB/).flatMap { Int($0.output.1) })
        }
    }
}
