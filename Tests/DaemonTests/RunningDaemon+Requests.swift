import Support
import Testing

extension RunningDaemon {
    /// Sends one request on a connection of its own and waits for the answer.
    func request(_ method: String, _ target: String, _ body: String? = nil) async throws -> Reply {
        try await Connection(self).request(method, target, body)
    }

    func get(_ target: String) async throws -> Reply { try await request("GET", target) }
    func post(_ target: String, _ body: String) async throws -> Reply {
        try await request("POST", target, body)
    }

    /// A connection whose request is parked: the daemon has it, and answers later.
    func parked(_ target: String, _ body: String, headers: [String] = []) async throws -> Connection {
        let before = try await waiters()
        let connection = try Connection(self)
        try connection.begin("POST", target, body, headers: headers)
        try await waitForWaiters(before + 1)
        return connection
    }

    /// A whole number that /metrics shows under that name and labels; 0 if it does not.
    func metric(_ name: String) async throws -> Int {
        let line = try await get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return try #require(Int(line?.dropFirst(name.utf8.count + 1) ?? "0"))
    }

    /// Callers of wait and acquire that wait now, as /metrics has it.
    func waiters() async throws -> Int { try await metric("ticketlockd_waiters") }

    /// Waits until that many callers wait.
    func waitForWaiters(_ count: Int, within bound: Duration = .seconds(10)) async throws {
        let deadline = ContinuousClock.now + bound
        var present = try await waiters()
        while present != count {
            try #require(ContinuousClock.now < deadline, "\(present) callers wait, not \(count)")
            try await Task.sleep(for: .milliseconds(2))
            present = try await waiters()
        }
    }
}
