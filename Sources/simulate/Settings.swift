import Glibc
import Simulator

/// What a run of the program was asked for.
struct Settings {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    private var seconds = 60
    private var seed: UInt64?
    private var options = SimulationOptions(seed: 0)

    mutating func read(_ arguments: ArraySlice<String>) throws(Problem) {
        var rest = arguments
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Problem(description: "\(name) needs a value") }
            switch name {
            case "--seconds": seconds = try Self.number(value, name)
            case "--seed": seed = UInt64(try Self.number(value, name))
            case "--count": options.stepCount = try Self.number(value, name)
            case "--steps":
                options.steps = try value.split(separator: ",").map { part throws(Problem) in
                    try Self.number(String(part), name)
                }
            case "--omit":
                guard let omission = SimulatedDisk.Omission(rawValue: value) else {
                    let known = SimulatedDisk.Omission.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Problem(description: "\(name): \(value) is none of \(known)")
                }
                options.omission = omission
            case "--without":
                for part in value.split(separator: ",") {
                    guard let fault = SimulationFault(rawValue: String(part)) else {
                        let known = SimulationFault.allCases.map(\.rawValue).joined(separator: ", ")
                        throw Problem(description: "\(name): \(part) is none of \(known)")
                    }
                    options.faults.remove(fault)
                }
            default: throw Problem(description: "\(name) is unknown")
            }
        }
    }

    private static func number(_ text: String, _ name: String) throws(Problem) -> Int {
        guard let number = Int(text), number >= 0 else {
            throw Problem(description: "\(name): \(text) is not a number")
        }
        return number
    }

    /// Whether all went well.
    func run() throws -> Bool {
        if let seed, options.steps != nil { return try replay(seed) }
        let start = ContinuousClock.now
        var seed = seed ?? UInt64(time(nil)) * 1_000_000
        let first = seed
        var (stepCount, turnCount) = (0, 0)
        while ContinuousClock.now - start < .seconds(seconds) {
            var options = options
            options.seed = seed
            let result = try SimulationResult.of(options)
            stepCount += result.stepCount
            turnCount += result.turnCount
            if result.isFailed { return try report(result) }
            seed += 1
        }
        print("ok simulate: seeds \(first) to \(seed - 1), \(stepCount) steps, \(turnCount) turns served")
        return true
    }

    private func replay(_ seed: UInt64) throws -> Bool {
        var options = options
        options.seed = seed
        let result = try SimulationResult.of(options, keepsHistory: true)
        show(result)
        return !result.isFailed
    }

    /// Cuts a run down that fails, and shows it.
    private func report(_ result: SimulationResult) throws -> Bool {
        print("not ok simulate: seed \(result.options.seed): \(result.kind ?? "")")
        show(try result.shortened())
        return false
    }

    private func show(_ result: SimulationResult) {
        print(String(decoding: result.history, as: UTF8.self), terminator: "")
        for deed in result.deeds { print(deed) }
        for finding in result.findings { print(finding) }
        for failure in result.failures { print(failure) }
        let steps = (result.options.steps ?? []).map(String.init).joined(separator: ",")
        print("again: simulate --seed \(result.options.seed) --steps \(steps)")
    }
}
