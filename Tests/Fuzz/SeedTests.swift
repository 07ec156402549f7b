import Foundation
import Support
import Testing

@Suite("The seeds of the fuzzers")
struct SeedTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    @Test(
        "No input that is kept because of a fault it found, or for where it leads, is ever mistaken again",
        arguments: FuzzTarget.all)
    func seeds(target: FuzzTarget) async throws {
        let folder = Self.folder.appending(path: target.name)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        try #require(!names.isEmpty)
        for name in names {
            let input = try Data(contentsOf: folder.appending(path: name))
            try await onOwnThread {
                #expect(throws: Never.self, "\(target.name)/\(name)") {
                    try input.withUnsafeBytes(target.run)
                }
            }
        }
    }
}
