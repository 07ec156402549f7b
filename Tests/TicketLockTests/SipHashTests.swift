import Testing

@testable import TicketLock

@Suite("The hash of an ID")
struct SipHashTests {
    /// The bytes 0, 1, 2 and so on, as in the authors' own test vectors.
    private func hash(_ count: Int, key: (UInt64, UInt64)) -> UInt64 {
        (0..<count).map { UInt8($0) }.withUnsafeBytes(SipHash(key: key).hash)
    }

    @Test(
        "It is SipHash-1-3, whatever is left over of a word",
        arguments: [
            (0, 0xabac_0158_050f_c4dc), (1, 0xc9f4_9bf3_7d57_ca93), (3, 0x8bf8_0ab8_e7dd_f7fb),
            (7, 0xd392_7d98_9bb1_1140), (8, 0x3690_9511_8d29_9a8e), (9, 0x25a4_8eb3_6c06_3de4),
            (15, 0xd320_d86d_2a51_9956), (16, 0xcc4f_dd1a_7d90_8b66), (36, 0x2cf5_08d3_ada2_6206),
            (63, 0x9d19_9062_b7bb_b3a8),
        ] as [(Int, UInt64)])
    func vectors(count: Int, expected: UInt64) {
        #expect(hash(count, key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)) == expected)
    }

    @Test("Another key makes another hash, and the process has one key")
    func keys() {
        #expect(hash(36, key: (1, 2)) != hash(36, key: (1, 3)))
        #expect(hash(36, key: (1, 2)) != hash(36, key: (2, 2)))
        let bytes: [UInt8] = [1, 2, 3]
        let hashes = (0..<2).map { _ in bytes.withUnsafeBytes(SipHash.ofThisProcess.hash) }
        #expect(hashes[0] == hashes[1])
    }
}
