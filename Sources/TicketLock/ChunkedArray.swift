/// An array in chunks: growing copies no more than the addresses of the chunks, so that no operation stalls
/// however large the table has become.
struct ChunkedArray<Element: Sendable>: Sendable {
    private static var shift: Int { 10 }
    private static var elementsPerChunk: Int { 1 << shift }
    private static var mask: Int { elementsPerChunk - 1 }

    /// All are full but the last.
    private var chunks: [[Element]] = []
    private(set) var count = 0

    subscript(index: Int) -> Element {
        @inline(__always)
        _read { yield chunks[index >> Self.shift][index & Self.mask] }
        @inline(__always)
        _modify { yield &chunks[index >> Self.shift][index & Self.mask] }
    }

    mutating func append(_ element: Element) {
        if count & Self.mask == 0 {
            chunks.append([])
            // The first one grows by itself, so that a small table is small.
            if count > 0 { chunks[chunks.count - 1].reserveCapacity(Self.elementsPerChunk) }
        }
        chunks[chunks.count - 1].append(element)
        count += 1
    }
}
