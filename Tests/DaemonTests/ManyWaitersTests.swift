import Foundation
import Glibc
import Support
import Testing

extension DaemonSuite {
    @Suite("Many waiters")
    struct ManyWaiters {
        /// Every second one has its ticket from issue-ticket and waits in wait, the others wait in acquire.
        @Test("10,000 callers that wait for one conversation are served in order, and cost no thread")
        func servedInOrder() async throws {
            let wanted = Sanitizer.scaled(10_000, reduced: 1_000)
            let count = min(wanted, try raisedDescriptorLimit() - 300)
            if count < wanted { print("only \(count) waiters: no more descriptors are allowed") }
            let arguments = [
                "--listen", "127.0.0.1:0", "--set", "http.max_connections=\(count + 100)",
                "--set", "http.reserved_connections=100",
                "--set", "locks.max_tickets_per_lock=\(count + 1)",
            ]
            try await RunningDaemon.with(arguments) { daemon in
                let control = try Connection(daemon)
                // Whatever is started for the first waiter is there before counting.
                var held = try await control.request("POST", "/v1/acquire", acquire).ticket
                try await daemon.parked("/v1/acquire", acquire).close()
                try await daemon.waitForWaiters(0)
                let threads = try daemon.status("Threads")
                let memory = try daemon.status("VmRSS")

                var (waiters, tickets) = try await park(count, at: daemon, control)
                try await daemon.waitForWaiters(count)
                #expect(try daemon.status("Threads") == threads)
                let bytes = (try daemon.status("VmRSS") - memory) * 1024 / count
                print("\(count) waiters: \(threads) threads, \(bytes) bytes of memory each")

                tickets.reverse()
                waiters.reverse()
                while let waiter = waiters.popLast(), let ticket = tickets.popLast() {
                    // An answer out of turn stays in its socket until it would be its turn.
                    try #require(!waiter.isReadable, "ticket \(ticket) was answered while \(held) was served")
                    try await finish(held, control)
                    let reply = try #require(try await waiter.reply(), "ticket \(ticket) was never served")
                    let (served, isLocked) = (try reply.ticket, try reply.isLocked)
                    try #require(served == ticket && !isLocked, "\(reply.text)")
                    held = ticket
                }
                try await finish(held, control)
                let after = try await daemon.get("/v1/is-waiting?conversation_id=a")
                #expect(try after.member("is_someone_waiting") == false)
                #expect(try daemon.status("Threads") == threads)
            }
        }
    }
}

private let acquire = #"{"conversation_id":"a","timeout":300}"#

/// Lets this process open as many files as it may; how many that is.
private func raisedDescriptorLimit() throws -> Int {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    try #require(getrlimit(files, &limit) == 0)
    limit.rlim_cur = limit.rlim_max
    try #require(setrlimit(files, &limit) == 0)
    return Int(clamping: limit.rlim_cur)
}

/// Parks that many callers, one after the other, so that the order of their tickets is known.
private func park(
    _ count: Int, at daemon: RunningDaemon, _ control: Connection
) async throws -> (waiters: [Connection], tickets: [Int]) {
    var waiters: [Connection] = []
    var tickets: [Int] = []
    for index in 0..<count {
        let waiter = try Connection(daemon)
        waiters.append(waiter)
        if index.isMultiple(of: 2) {
            let ticket = try await control.request(
                "POST", "/v1/issue-ticket", #"{"conversation_id":"a","lifetime":900}"#)
            tickets.append(try ticket.ticket)
            try waiter.begin(
                "POST", "/v1/wait", #"{"conversation_id":"a","ticket":\#(try ticket.ticket),"timeout":300}"#)
        } else {
            tickets.append(try #require(tickets.last) + 1)
            try waiter.begin("POST", "/v1/acquire", acquire)
            var waiting = 0
            let deadline = ContinuousClock.now + .seconds(10)
            while waiting != index + 1 {
                try #require(ContinuousClock.now < deadline, "ticket \(index + 1) was not issued")
                waiting = try await control.request("GET", "/v1/is-waiting?conversation_id=a").member(
                    "waiting")
            }
        }
    }
    return (waiters, tickets)
}

private func finish(_ ticket: Int, _ control: Connection) async throws {
    let body = #"{"conversation_id":"a","ticket":\#(ticket)}"#
    let finished = try await control.request("POST", "/v1/finish-serving", body)
    try #require(try finished.member("removed") == true)
}
