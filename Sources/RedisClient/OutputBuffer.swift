/// Bytes that are to be written, and how many have been.
struct OutputBuffer {
    /// The most bytes that may wait to be written.
    static let bytesMax = 16 * 1024 * 1024

    private var bytes: [UInt8] = []
    private var first = 0
    /// Bytes written since the beginning.
    private(set) var written: UInt64 = 0

    var isEmpty: Bool { first == bytes.count }
    /// Bytes that wait.
    var count: Int { bytes.count - first }
    /// Where the next byte that is appended stands among all of them.
    var end: UInt64 { written + UInt64(count) }

    mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// Writes what waits, as far as that goes; gives why no more can be written at all, if so.
    mutating func write(to transport: Transport) -> String? {
        while !isEmpty {
            switch bytes.withUnsafeBytes({ transport.write(UnsafeRawBufferPointer(rebasing: $0[first...])) })
            {
            case .done(let count):
                first += count
                written += UInt64(count)
            case .blocked: return nil
            case .ended(let reason): return reason
            }
        }
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1024 * 1024)
        first = 0
        return nil
    }
}
