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
        left.withBytes { left in
            right.withBytes { right in
                guard left.count == right.count else { return false }
                guard let start = left.baseAddress, let other = right.baseAddress else { return true }
                return memcmp(start, other, left.count) == 0
            }
        }
    }

    package func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: $0) }
    }

    /// The ID's bytes, for as long as `body` runs.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { string.withBytes(body) }
}

extension String {
    /// The bytes, for as long as `body` runs.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // Without a copy, unless the string was handed over by somebody who keeps it elsewhere.
        utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) }
            ?? Array(utf8).withUnsafeBytes(body)
    }
}
