/// Something that takes bytes from outside, and what is done with them when it is fuzzed. Its name is that of the
/// folder beside this one that has its seeds: inputs written by hand, and those that have found a fault.
struct FuzzTarget: Sendable {
    let name: String
    /// Takes one input. Throws what is wrong with how it was taken, and leaves nothing behind.
    let run: @Sendable (UnsafeRawBufferPointer) throws -> Void

    static let all = [
        FuzzTarget(name: "http", run: HTTPSession.run),
        FuzzTarget(name: "json", run: JSONTarget.run),
        FuzzTarget(name: "query", run: QueryTarget.run),
        FuzzTarget(name: "redis", run: RedisTarget.run),
        FuzzTarget(name: "state", run: StateTarget.run),
        FuzzTarget(name: "yaml", run: YAMLTarget.run),
    ]
}

/// A rule that an input has shown to be broken.
struct Finding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Throws what is wrong unless `condition` holds.
    static func unless(
        _ condition: Bool, _ description: @autoclosure () -> String
    ) throws(Finding) {
        if !condition { throw Finding(description()) }
    }
}
