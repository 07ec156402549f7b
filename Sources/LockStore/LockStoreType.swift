/// The kinds of lock store, by their name in `store.type`.
package enum LockStoreType: String, CaseIterable, Sendable {
    case memory
    case redis

    /// Throws for a name that is not known, with the list of those that are.
    package init(named name: String) throws(UnknownLockStoreType) {
        guard let type = Self(rawValue: name) else { throw UnknownLockStoreType(name: name) }
        self = type
    }
}

/// `store.type` names no store.
package struct UnknownLockStoreType: Error, CustomStringConvertible {
    package let name: String

    package var description: String {
        let known = LockStoreType.allCases.map(\.rawValue).joined(separator: ", ")
        return "\"\(name)\" is not a type of lock store (known: \(known))"
    }
}
