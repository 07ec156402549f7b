import Glibc

/// What a key, a channel or a member of a set is called: text that is told apart by its bytes, as Redis does.
///
/// `String`'s own equality, and so every dictionary keyed by it, goes by canonical equivalence.
package struct RedisName: Hashable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    package let string: String

    package init(_ string: String) {
        self.string = string
    }

    package init(stringLiteral string: String) { self.init(string) }

    package var description: String { string }

    package static func == (left: RedisName, right: RedisName) -> Bool {
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

    /// What follows the prefix, if it begins with that, both taken as bytes.
    package func dropping(_ prefix: String) -> RedisName? {
        guard string.utf8.starts(with: prefix.utf8) else { return nil }
        return RedisName(String(decoding: string.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
    }

    private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        string.utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) }
            ?? Array(string.utf8).withUnsafeBytes(body)
    }
}
