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
                left.count == right.count && left.elementsEqual(right)
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
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in string.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
