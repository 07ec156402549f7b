/// SipHash-1-3, a hash under a secret key: who does not know the key cannot choose conversation IDs that share
/// a bucket. Swift's own hashing is the same function.
///
/// What it gives for some bytes depends on the key only, not on the process or the machine.
package struct SipHash: Sendable {
    private let key: (UInt64, UInt64)

    package init(key: (UInt64, UInt64)) {
        self.key = key
    }

    /// With a key of this process, made from the random one of Swift's hashing.
    package static let ofThisProcess = SipHash(
        key: (UInt64(bitPattern: Int64(1.hashValue)), UInt64(bitPattern: Int64(2.hashValue))))

    package func hash(_ id: ConversationID) -> UInt64 { id.withBytes(hash) }

    package func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(
            v0: key.0 ^ 0x736f_6d65_7073_6575, v1: key.1 ^ 0x646f_7261_6e64_6f6d,
            v2: key.0 ^ 0x6c79_6765_6e65_7261, v3: key.1 ^ 0x7465_6462_7974_6573)
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state.take(UInt64(littleEndian: word))
            offset += 8
        }
        state.take(UInt64(truncatingIfNeeded: bytes.count) << 56 | Self.rest(of: bytes, from: offset))
        return state.end()
    }

    /// The bytes from `offset` on, fewer than eight, as one number.
    private static func rest(of bytes: UnsafeRawBufferPointer, from offset: Int) -> UInt64 {
        guard bytes.count >= 8 else { return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        // Read together with those before them, which are shifted out.
        let word = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        return UInt64(littleEndian: word) >> UInt64(64 - 8 * (bytes.count - offset))
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        mutating func take(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        mutating func end() -> UInt64 {
            v2 ^= 0xff
            for _ in 0..<3 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func round() {
            v0 &+= v1
            v1 = v1.rotated(13) ^ v0
            v0 = v0.rotated(32)
            v2 &+= v3
            v3 = v3.rotated(16) ^ v2
            v0 &+= v3
            v3 = v3.rotated(21) ^ v0
            v2 &+= v1
            v1 = v1.rotated(17) ^ v2
            v2 = v2.rotated(32)
        }
    }
}

extension UInt64 {
    fileprivate func rotated(_ count: UInt64) -> UInt64 { self << count | self >> (64 - count) }
}
