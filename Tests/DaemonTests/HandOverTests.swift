import Foundation
import Support
import Testing

extension DaemonSuite {
    /// Order only: how long it takes is the benchmarks' business.
    @Suite("Hand-over")
    struct HandOver {
        @Test(
            "When holders expire one after the other, those who wait are served in order, without being asked"
        )
        func expiry() async throws {
            try await RunningDaemon.with { daemon in
                let body = #"{"conversation_id":"a","lifetime":0.05,"timeout":30}"#
                let held = try await daemon.post("/v1/acquire", body)
                #expect(held.status == 201)
                let long = #"{"conversation_id":"a","lifetime":30,"timeout":30}"#
                let extended = try await daemon.post(
                    "/v1/extend", #"{"conversation_id":"a","ticket":0,"lifetime":30}"#)
                #expect(extended.status == 200)
                let waiters = [
                    try await daemon.parked("/v1/acquire", body),
                    try await daemon.parked("/v1/acquire", body),
                    try await daemon.parked("/v1/acquire", long),
                ]
                #expect(!waiters.contains { $0.isReadable })
                _ = try await daemon.post(
                    "/v1/extend", #"{"conversation_id":"a","ticket":0,"lifetime":0.05}"#)
                var expiries: [Double] = []
                for (index, waiter) in waiters.enumerated() {
                    let reply = try #require(try await waiter.reply())
                    #expect(reply.status == 201)
                    #expect(try reply.ticket == index + 1)
                    expiries.append(try reply.member("expires"))
                }
                #expect(expiries == expiries.sorted())
                let gone = try await daemon.post("/v1/finish-serving", #"{"conversation_id":"a","ticket":1}"#)
                #expect(try gone.member("removed") == false)
            }
        }

        @Test("A waiter whose ticket expires before its turn is told so, and is not served")
        func expiryWhileWaiting() async throws {
            try await RunningDaemon.with { daemon in
                _ = try await daemon.post("/v1/acquire", #"{"conversation_id":"a"}"#)
                let next = try await daemon.post(
                    "/v1/issue-ticket", #"{"conversation_id":"a","lifetime":0.3}"#)
                let waiter = try Connection(daemon)
                try waiter.begin("POST", "/v1/wait", #"{"conversation_id":"a","ticket":\#(try next.ticket)}"#)
                let reply = try #require(try await waiter.reply())
                #expect(reply.status == 410)
                #expect(try reply.code == "ticket_gone")
            }
        }
    }
}
