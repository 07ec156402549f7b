import Simulator
import Testing

@Suite("The simulator", .timeLimit(.minutes(5)))
struct SimulationTests {
    /// What is known, and not yet to be found fault with.
    private static let known: Set<String> = ["over when written"]

    @Test("A seed gives the same run each time", arguments: 1...20 as ClosedRange<UInt64>)
    func repeats(seed: UInt64) throws {
        let options = SimulationOptions(seed: seed)
        let first = try SimulationResult.of(options, keepsHistory: true)
        let second = try SimulationResult.of(options, keepsHistory: true)
        #expect(first.history == second.history)
        #expect(first.stepCount == second.stepCount)
        #expect(!first.history.isEmpty)
    }

    /// Runs that found something once.
    @Test(
        "What was found stays mended",
        arguments: [
            // Two starts that could not sync the directory: the disk had the state from before a loss.
            1361,
            // The wall clock went back, and a second start let a ticket live longer than the first.
            3139,
            // A commit that the cache alone has; a log that it alone has; the numbers of locks that were lost.
            1, 2, 3,
        ] as [UInt64])
    func mended(seed: UInt64) throws {
        let result = try SimulationResult.of(SimulationOptions(seed: seed))
        if let kind = result.kind { #expect(Self.known.contains(kind), "\(result.findings)") }
    }

    @Test(
        "A disk that says that it has what it has not is found out, in a run that is cut down to some steps")
    func lyingDisk() throws {
        var found: SimulationResult?
        for seed in 1...200 as ClosedRange<UInt64> where found == nil {
            var options = SimulationOptions(seed: seed)
            options.faults = [.power, .kill]
            options.isDiskLying = true
            let result = try SimulationResult.of(options)
            if let kind = result.kind, !Self.known.contains(kind) { found = result }
        }
        let result = try #require(found)
        let short = try result.shortened()
        #expect(short.kind == result.kind)
        #expect(try #require(short.options.steps).count < 30)
        #expect(!short.history.isEmpty)
    }
}
