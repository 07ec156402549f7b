import Glibc

/// The bytes of IDs, which conversations and requests (by their idempotency keys) have, in blocks of one size: a longer ID takes several, and a freed block serves
/// any other ID, whatever the lengths that come and go.
struct IDArena: Sendable {
    /// What stands for an ID that was put in.
    struct Reference: Sendable {
        fileprivate let first: Int32
        fileprivate let length: Int32

        /// Nobody's ID.
        static let none = Reference(first: IDArena.none, length: 0)

        var isNone: Bool { length == 0 }
        var byteCount: Int { Int(length) }
    }

    /// A block holds a UUID as text.
    static let blockBytes = 36
    private struct Block {
        var bytes: InlineArray<36, UInt8>
        /// The block that goes on with the ID, or the next free block; -1 for none.
        var next: Int32
    }
    private static let none: Int32 = -1
    private var blocks = ChunkedArray<Block>()
    private var firstFree = none

    /// Blocks that exist, in use or free.
    var blockCount: Int { blocks.count }

    mutating func insert(_ bytes: UnsafeRawBufferPointer) -> Reference {
        let first = take()
        var block = first
        var offset = 0
        while true {
            let end = min(offset + Self.blockBytes, bytes.count)
            withUnsafeMutableBytes(of: &blocks[Int(block)].bytes) {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
            }
            offset = end
            if offset == bytes.count { break }
            let next = take()
            blocks[Int(block)].next = next
            block = next
        }
        return Reference(first: first, length: Int32(bytes.count))
    }

    mutating func remove(_ reference: Reference) {
        var last = Int(reference.first)
        while blocks[last].next != Self.none { last = Int(blocks[last].next) }
        blocks[last].next = firstFree
        firstFree = reference.first
    }

    /// Whether the ID is made of these bytes.
    func holds(_ reference: Reference, _ bytes: UnsafeRawBufferPointer) -> Bool {
        Int(reference.length) == bytes.count && begins(reference, with: bytes)
    }

    /// Whether the ID's first bytes are these.
    func begins(_ reference: Reference, with bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= Int(reference.length) else { return false }
        var offset = 0
        var block = Int(reference.first)
        while let start = bytes.baseAddress, offset < bytes.count {
            let count = min(Self.blockBytes, bytes.count - offset)
            let isEqual = withUnsafeBytes(of: blocks[block].bytes) {
                $0.baseAddress.map { memcmp($0, start + offset, count) == 0 } ?? false
            }
            guard isEqual else { return false }
            offset += count
            block = Int(blocks[block].next)
        }
        return true
    }

    /// Writes the ID's bytes, as many as there are.
    func copy(_ reference: Reference, to bytes: UnsafeMutableRawBufferPointer) {
        var offset = 0
        var block = Int(reference.first)
        while offset < bytes.count {
            let end = min(offset + Self.blockBytes, bytes.count)
            withUnsafeBytes(of: blocks[block].bytes) {
                bytes[offset..<end].copyBytes(from: $0[..<(end - offset)])
            }
            offset = end
            block = Int(blocks[block].next)
        }
    }

    /// The ID as it was before it was put in.
    func id(_ reference: Reference) -> ConversationID {
        let length = Int(reference.length)
        let string = String(unsafeUninitializedCapacity: length) { text in
            copy(
                reference,
                to: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(text)[..<length]))
            return length
        }
        return ConversationID(string)
    }

    /// A block that ends an ID.
    private mutating func take() -> Int32 {
        guard firstFree != Self.none else {
            blocks.append(Block(bytes: InlineArray(repeating: 0), next: Self.none))
            return Int32(blocks.count - 1)
        }
        let block = firstFree
        firstFree = blocks[Int(block)].next
        blocks[Int(block)].next = Self.none
        return block
    }
}
