import Glibc

/// Bytes in memory that go when nobody has them any more.
final class SimulatedPages {
    let bytes: UnsafeMutableRawBufferPointer
    var byteCount: Int { bytes.count }

    init(_ byteCount: Int) {
        bytes = .allocate(byteCount: byteCount, alignment: SimulatedInode.pageBytes)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }

    private subscript(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[range])
    }

    func copy(_ other: SimulatedPages, _ range: Range<Int>) {
        self[range].copyMemory(from: UnsafeRawBufferPointer(other[range]))
    }

    func put(_ new: ArraySlice<UInt8>, at offset: Int) {
        self[offset..<offset + new.count].copyBytes(from: new)
    }

    func isSame(as other: SimulatedPages, _ range: Range<Int>) -> Bool {
        guard let one = self[range].baseAddress, let two = other[range].baseAddress else { return true }
        return memcmp(one, two, range.count) == 0
    }

    func garble(_ range: Range<Int>, _ random: SimulatedRandom) {
        for offset in stride(from: range.lowerBound, to: range.upperBound - 7, by: 8) {
            bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
        }
    }
}
