import LockStore
import RedisClient
import TicketLock

/// What every script of ``LockScripts`` answers: whole numbers, as an array or as a text, that begin alike.
struct ScriptReply {
    enum Code: Int64 {
        case ok, gone, neverIssued, tokenMismatch, queueFull, noRoom, idempotencyKeyReused, acquireTimeout
    }

    /// How many numbers are the same for all.
    static let headCount = 3

    let code: Code
    /// Redis's clock, in microseconds since 1970.
    let now: Int64
    /// When the lock was last touched, or its last ticket expires; nil when there is none.
    let score: Int64?
    /// What follows, by its script.
    let rest: ArraySlice<Int64>

    init(_ reply: RedisReply) throws(LockStoreError) {
        let values: [Int64]
        switch reply {
        case .string(let bytes): values = Self.numbers(bytes)
        case .array(let elements): values = elements.compactMap(\.integer)
        default: values = []
        }
        guard values.count >= Self.headCount, let code = Code(rawValue: values[0]) else {
            throw LockStoreError(.unreadable, "a script gave \(reply)")
        }
        self.code = code
        now = values[1]
        score = values[2] < 0 ? nil : values[2]
        rest = values[Self.headCount...]
    }

    /// Decimal numbers with blanks between them; none if there is anything else.
    private static func numbers(_ bytes: [UInt8]) -> [Int64] {
        var numbers: [Int64] = []
        numbers.reserveCapacity(12)
        var number: Int64 = 0
        var isNegative = false
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                // Below 2^53 all of them; whatever else there might be does not trap.
                number = number &* 10 &+ Int64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: " "):
                numbers.append(isNegative ? -number : number)
                number = 0
                isNegative = false
            default: return []
            }
        }
        numbers.append(isNegative ? -number : number)
        return numbers
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
