/// What a record of a stored table holds. A record has a key, unique within its kind, and a value.
package enum RecordKind: UInt8, CaseIterable, Sendable {
    /// By slot: keys are small and used again.
    case lock
    /// By token: keys only grow.
    case ticket
    /// By the entry of a deleted lock's number: keys are small and used again.
    case number
}
