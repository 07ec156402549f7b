import TicketLock

enum OpenAPIDocument {
    static func text(limits: LockLimits, version: String) -> String { "{}" }
}
