package import EventLoop

extension SimulationResult {
    /// The same fault in a run of fewer steps, with its history.
    ///
    /// Steps are left out, first many at a time and then one by one, as long as what remains fails with the same.
    /// What happens in a step does not depend on which steps there were before, but for what they have left.
    package func shortened() throws(EventLoopError) -> SimulationResult {
        var options = options
        var steps = Array((options.steps ?? Array(0..<options.stepCount)).prefix(stepCount))
        var count = max(1, steps.count / 2)
        while true {
            var isShorter = false
            var start = 0
            while start < steps.count {
                var fewer = steps
                fewer.removeSubrange(start..<min(start + count, steps.count))
                options.steps = fewer
                if try SimulationResult.of(options).kind == kind {
                    steps = fewer
                    isShorter = true
                } else {
                    start += count
                }
            }
            if count == 1, !isShorter { break }
            count = max(1, count / 2)
        }
        options.steps = steps
        return try SimulationResult.of(options, keepsHistory: true)
    }
}
