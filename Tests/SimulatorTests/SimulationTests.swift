import Simulator
import Testing

@Suite("The simulator", .timeLimit(.minutes(5)))
struct SimulationTests {
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
            // A ticket that was extended while the disk took what a wait was told of it.
            833,
        ] as [UInt64])
    func mended(seed: UInt64) throws {
        let result = try SimulationResult.of(SimulationOptions(seed: seed))
        #expect(!result.isFailed, "\(result.findings)")
    }

    /// The first seeds that find it, by `simulate --omit`: others when what happens in a step has changed.
    private static let found: [(SimulatedDisk.Omission, UInt64)] = [(.syncs, 3), (.rewrites, 4873)]

    @Test("What a disk leaves undone is found out, in a run that is cut down to some steps", arguments: found)
    func omission(omission: SimulatedDisk.Omission, seed: UInt64) throws {
        var options = SimulationOptions(seed: seed)
        options.omission = omission
        let result = try SimulationResult.of(options)
        let kind = try #require(result.kind)
        let short = try result.shortened()
        #expect(short.kind == kind)
        #expect(try #require(short.options.steps).count < result.stepCount / 2)
        #expect(!short.history.isEmpty)
        // The same without the omission is right.
        options.omission = nil
        #expect(try !SimulationResult.of(options).isFailed)
    }
}
