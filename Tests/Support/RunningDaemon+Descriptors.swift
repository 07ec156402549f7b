import Foundation
import Testing

extension RunningDaemon {
    /// The numbers of the descriptors that it has open.
    package var descriptors: [Int] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processID)/fd").compactMap(
                Int.init)
        }
    }

    /// Leaves it no descriptor to open while `body` runs: its limit is the lowest number that is free.
    package func withoutDescriptors(_ body: () async throws -> Void) async throws {
        let open = Set(try descriptors)
        let lowest = try #require((0...open.count).first { !open.contains($0) })
        let limits = try String(contentsOfFile: "/proc/\(process.processID)/limits", encoding: .utf8)
        let before = try #require(limits.firstMatch(of: /Max open files +(\d+)/)).output.1
        try await setDescriptorLimit("\(lowest)")
        do {
            try await body()
        } catch {
            try await setDescriptorLimit(before)
            throw error
        }
        // It may have been the end of it.
        if process.exit == nil { try await setDescriptorLimit(before) }
    }

    /// Sets its soft limit: Swift does not know prlimit(2).
    private func setDescriptorLimit(_ count: some StringProtocol) async throws {
        let arguments = ["--pid", "\(process.processID)", "--nofile=\(count):"]
        let result = try await Command.run("prlimit", arguments)
        try #require(result.status == 0, "\(result.errors)")
    }
}
