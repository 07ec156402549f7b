import Glibc

/// Names a conversation: non-empty UTF-8 chosen by the client, without NUL.
///
/// Two IDs are equal when their bytes are. `String`'s own equality goes by canonical equivalence and would
/// give two conversations one lock when their IDs differ only in how an accent is composed.
package struct ConversationID: Hashable, Sendable, CustomStringConvertible {
    package let string: String

    /// The caller has checked the length against ``LockLimits/conversationIDBytesMax``.
    package init(_ string: String) {
        self.string = string
    }

    package var description: String { string }

    package static func == (left: ConversationID, right: ConversationID) -> Bool {
        let equal = left.string.utf8.withContiguousStorageIfAvailable { left in
            right.string.utf8.withContiguousStorageIfAvailable { right in
                guard left.count == right.count else { return false }
                guard let start = left.baseAddress, let other = right.baseAddress else { return true }
                return memcmp(start, other, left.count) == 0
            }
        }
        return (equal ?? nil) ?? left.string.utf8.elementsEqual(right.string.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        let hashed: Void? = string.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if hashed == nil { for byte in string.utf8 { hasher.combine(byte) } }
    }

    /// FNV-1a in 64 bits: the same on every machine and in every process.
    package var stableHash: UInt64 {
        string.utf8.withContiguousStorageIfAvailable { Self.hash($0) } ?? Self.hash(string.utf8)
    }

    @inline(__always)
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
