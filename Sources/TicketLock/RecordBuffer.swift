/// Records one after the other, as they are stored: a kind, a key and a value each, integers with their low
/// byte first. A record without a value says that there is none under its key any more.
///
/// One part of the service uses a buffer at a time; it is kept, so that writing takes no memory.
package struct RecordBuffer: ~Copyable {
    /// Kind, three bytes of nothing, the value's length, and the key.
    package static let headBytes = 16

    private var memory: UnsafeMutableRawBufferPointer
    package private(set) var count = 0

    package init() {
        memory = .allocate(byteCount: 4096, alignment: 8)
    }

    deinit { memory.deallocate() }

    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    package mutating func removeAll() { count = 0 }

    /// Appends a record whose value `fill` writes, all of its `length` bytes.
    mutating func append(
        _ kind: RecordKind, _ key: UInt64, length: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        let end = count + Self.headBytes + length
        if end > memory.count { grow(to: end) }
        let head = UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + Self.headBytes])
        head.storeBytes(of: UInt32(kind.rawValue).littleEndian, toByteOffset: 0, as: UInt32.self)
        head.storeBytes(of: UInt32(length).littleEndian, toByteOffset: 4, as: UInt32.self)
        head.storeBytes(of: key.littleEndian, toByteOffset: 8, as: UInt64.self)
        fill(UnsafeMutableRawBufferPointer(rebasing: memory[count + Self.headBytes..<end]))
        count = end
    }

    /// Appends that there is nothing under that key any more.
    mutating func appendRemoval(_ kind: RecordKind, _ key: UInt64) {
        append(kind, key, length: 0) { _ in }
    }

    private mutating func grow(to byteCount: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(byteCount, 2 * memory.count), alignment: 8)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }
}

/// One record, where it lies. Valid for as long as the bytes are.
package struct Record {
    package let kind: RecordKind
    package let key: UInt64
    /// Empty: there is none any more.
    package let value: UnsafeRawBufferPointer

    package init(kind: RecordKind, key: UInt64, value: UnsafeRawBufferPointer) {
        self.kind = kind
        self.key = key
        self.value = value
    }

    /// Above every key: tokens are below it, and slots are 32 bits.
    private static let keyEnd: UInt64 = 1 << 53

    /// Calls `body` with each record of a buffer; false when they do not fill it exactly, or have a key that none has.
    package static func forEach(in bytes: UnsafeRawBufferPointer, _ body: (Record) -> Void) -> Bool {
        var offset = 0
        while offset + RecordBuffer.headBytes <= bytes.count {
            let kind = bytes.integer(at: offset, UInt32.self)
            let length = Int(bytes.integer(at: offset + 4, UInt32.self))
            let start = offset + RecordBuffer.headBytes
            let key = bytes.integer(at: offset + 8, UInt64.self)
            guard let kind = UInt8(exactly: kind).flatMap(RecordKind.init), length <= bytes.count - start,
                key < keyEnd
            else { return false }
            let value = UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
            body(Record(kind: kind, key: key, value: value))
            offset = start + length
        }
        return offset == bytes.count
    }
}

extension UnsafeRawBufferPointer {
    /// The integer that lies there, low byte first.
    @inlinable @inline(__always)
    package func integer<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _: Value.Type) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Puts an integer there, low byte first.
    @inlinable @inline(__always)
    package func put<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }
}
