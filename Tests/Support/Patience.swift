/// Something that should have happened long ago did not.
package struct NotYet: Error, CustomStringConvertible {
    package let description: String
}

/// Returns when the condition holds; throws when it takes so long that something must be broken.
package func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while !(try await condition()) {
        guard ContinuousClock.now < deadline else { throw NotYet(description: "not yet: \(what)") }
        await Task.yield()
    }
}
