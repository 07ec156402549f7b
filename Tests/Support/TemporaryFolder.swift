package import Foundation
import Testing

/// Runs `body` with a folder that is removed afterwards. Its path is short enough for Unix sockets.
package func withTemporaryFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let name = "ticketlockd-" + UUID().uuidString.prefix(13)
    let folder = FileManager.default.temporaryDirectory.appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
    return try await body(folder)
}
