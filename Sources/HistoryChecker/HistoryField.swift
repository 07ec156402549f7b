import Glibc

/// The fields of a history's lines.
enum HistoryField: UInt8, CaseIterable {
    case at, event, request
    case client, operation, id, ticket, token, lifetime, timeout, patience, key, ifBusy
    case status, code, isLocked, nowServing, expiresIn, expiresAt, removed, deleted, isSomeoneWaiting, waiting
    case done, fault, seconds
    // Of the daemon's requests and answers: told, not judged.
    case owner, interrupt, after, interrupted, position, lastIssued, reason, comment

    var name: StaticString {
        switch self {
        case .at: "at"
        case .event: "event"
        case .request: "request"
        case .client: "client"
        case .operation: "op"
        case .id: "conversation_id"
        case .ticket: "ticket"
        case .token: "token"
        case .lifetime: "lifetime"
        case .timeout: "timeout"
        case .patience: "patience"
        case .key: "key"
        case .ifBusy: "if_busy"
        case .status: "status"
        case .code: "code"
        case .isLocked: "is_locked"
        case .nowServing: "now_serving"
        case .expiresIn: "expires_in"
        case .expiresAt: "expires_at"
        case .removed: "removed"
        case .deleted: "deleted"
        case .isSomeoneWaiting: "is_someone_waiting"
        case .waiting: "waiting"
        case .done: "done"
        case .fault: "fault"
        case .seconds: "seconds"
        case .owner: "owner"
        case .interrupt: "interrupt"
        case .after: "after"
        case .interrupted: "interrupted"
        case .position: "position"
        case .lastIssued: "last_issued"
        case .reason: "reason"
        case .comment: "comment"
        }
    }

    static func named(_ name: UnsafeRawBufferPointer) -> HistoryField? {
        guard let start = name.baseAddress else { return nil }
        for raw in 0...Self.comment.rawValue {
            guard let field = HistoryField(rawValue: raw) else { return nil }
            let known = field.name
            if known.utf8CodeUnitCount == name.count, memcmp(known.utf8Start, start, name.count) == 0 {
                return field
            }
        }
        return nil
    }
}
