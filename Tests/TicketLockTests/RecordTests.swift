import Testing
import TicketLock

@Suite("Records, as they are stored")
struct RecordTests {
    private func bytes(kind: UInt32 = 1, length: UInt32 = 0, key: UInt64 = 0) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: RecordBuffer.headBytes)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.put(kind, at: 0)
            bytes.put(length, at: 4)
            bytes.put(key, at: 8)
        }
        return bytes
    }

    private func isRead(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { Record.forEach(in: $0) { _ in } }
    }

    @Test(
        "What no version writes is no record: a kind or a key that there is not, and a value that is not all there"
    )
    func foreign() {
        #expect(isRead(bytes()))
        #expect(isRead(bytes(key: 1 << 53 - 1)))
        for key in [1 << 53, 1 << 56, UInt64.max] { #expect(!isRead(bytes(key: key))) }
        for kind in [3, 256, UInt32.max] { #expect(!isRead(bytes(kind: kind))) }
        #expect(isRead(bytes(length: 1) + [0]))
        for length in [1, UInt32.max] { #expect(!isRead(bytes(length: length))) }
        #expect(!isRead(bytes() + [0]))
    }
}
