import LockStore
import RedisClient
import TicketLock

/// What a script of ``LockScripts`` answers: whole numbers, the first three the same for all.
struct ScriptReply {
    enum Code: Int64 {
        case ok, gone, neverIssued, tokenMismatch, queueFull, noRoom, idempotencyKeyReused, acquireTimeout
    }

    /// What happened to a ticket, as the scripts' journal has it.
    enum Happening: Int64 {
        case served = 1
        case finished, withdrawn, expired, timedOut, deleted
    }

    let code: Code
    /// Redis's clock, in microseconds since 1970.
    let now: Int64
    /// When the lock was last touched, or its last ticket expires; nil when there is none.
    let score: Int64?
    private let values: [RedisReply]

    /// - Parameter countMin: how many values the script gives at least.
    init(_ reply: RedisReply, countMin: Int) throws(LockStoreError) {
        guard let values = reply.elements, values.count >= countMin, countMin >= 3,
            let code = values[0].integer.flatMap(Code.init), let now = values[1].integer,
            let score = values[2].integer
        else {
            throw LockStoreError(.unreadable, "a script gave \(reply)")
        }
        self.code = code
        self.now = now
        self.score = score < 0 ? nil : score
        self.values = values
    }

    var count: Int { values.count }

    /// The value at a place; 0 if there is none, which a script never leaves out.
    subscript(place: Int) -> Int64 { values[place].integer ?? 0 }

    /// What happened, from that place to the end.
    func journal(
        from start: Int,
        _ note: (_ happening: (what: Happening, isKeyed: Bool), TicketNumber, _ microseconds: Int64) -> Void
    ) {
        for place in stride(from: start, to: values.count - 2, by: 3) {
            guard let what = Happening(rawValue: self[place] & 15) else { continue }
            note((what, self[place] & 16 != 0), self[place + 1], self[place + 2])
        }
    }
}

extension Refusal {
    /// What a client is told for a script's code; nil when nothing was refused.
    init?(_ code: ScriptReply.Code) {
        switch code {
        case .ok: return nil
        case .gone: self = .gone(.unknown)
        case .neverIssued: self = .neverIssued
        case .tokenMismatch: self = .tokenMismatch
        case .queueFull: self = .queueFull
        case .noRoom: self = .tooManyLocks
        case .idempotencyKeyReused: self = .idempotencyKeyReused
        case .acquireTimeout: self = .acquireTimeout
        }
    }
}
