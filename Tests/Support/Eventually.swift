/// Whether `condition` becomes true within `bound`, asked anew every few milliseconds. For what happens in
/// another process; what can be awaited should be.
package func eventually(
    within bound: Duration = .seconds(10), _ condition: () throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + bound
    while true {
        if try condition() { return true }
        if ContinuousClock.now >= deadline { return false }
        try await Task.sleep(for: .milliseconds(2))
    }
}
