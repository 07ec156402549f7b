import Foundation
import Support
import Testing

/// Rasa's own lock store on the Redis of a test; see `Tests/Interop/rasa_peer.py`.
struct RasaPeer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Where `make rasa` has put Rasa's files.
    private static let files = BuiltProducts.packageRoot.appending(path: ".build/rasa")
    private static let script = BuiltProducts.packageRoot.appending(path: "Tests/Interop/rasa_peer.py")

    /// Whether it can be run; `swift test` alone does without.
    static let isThere =
        FileManager.default.isExecutableFile(atPath: BuiltProducts.python.path)
        && FileManager.default.fileExists(atPath: files.appending(path: "rasa/core/lock_store.py").path)
    static let isMissing: Comment =
        "needs Rasa's lock store and the Python environment of the tests: make rasa"

    let redis: RunningRedis
    var keyPrefix = ""

    private func arguments(_ operation: [String]) -> [String] {
        [Self.script.path, Self.files.path, String(redis.port), keyPrefix] + operation
    }

    /// Does an operation; gives what it says.
    @discardableResult
    func does(_ operation: String...) async throws -> JSONValue {
        let result = try await Command.run(BuiltProducts.python.path, arguments(operation))
        guard result.status == 0 else { throw Failure(description: result.errors) }
        let line = result.output.trimmingCharacters(in: .whitespacesAndNewlines)
        return try JSONValue(parsing: line.isEmpty ? "null" : line)
    }

    /// Starts to take and hold a lock, as Rasa does for a message; gives what it says in the end.
    func holds(
        _ id: String, lifetime: Double = 60, wait: Double = 0.05, seconds: Double
    ) -> Task<[JSONValue], any Error> {
        let arguments = arguments(["hold", id, "\(lifetime)", "\(wait)", "\(seconds)"])
        return Task {
            let result = try await Command.run(BuiltProducts.python.path, arguments)
            guard result.status == 0 else { throw Failure(description: result.errors) }
            return try result.output.split(whereSeparator: \.isNewline)
                .map { try JSONValue(parsing: String($0)) }
        }
    }
}
