import CHiredis
import Testing

@testable import RedisClient

@Suite("What Redis replies")
struct ReplyReaderTests {
    private func reply(to text: String) throws -> RedisReply? {
        let reader = ReplyReader()
        try Array(text.utf8).withUnsafeBytes { try reader.feed($0) }
        return try reader.next()
    }

    @Test("An array of more elements than ever come is refused before memory is set aside for them")
    func hugeArray() throws {
        #expect(try reply(to: "*\(CHIREDIS_ELEMENTS_MAX)\r\n") == nil)
        for count in [Int(CHIREDIS_ELEMENTS_MAX) + 1, 1 << 30] {
            #expect(throws: RedisError.self) { try reply(to: "*\(count)\r\n") }
            #expect(throws: RedisError.self) { try reply(to: "*2\r\n:1\r\n*\(count)\r\n") }
        }
        #expect(try reply(to: "*2\r\n*1\r\n:1\r\n*0\r\n") == .array([.array([.integer(1)]), .array([])]))
    }
}
