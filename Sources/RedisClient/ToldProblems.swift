/// The reasons that have been told for there being no connection. Attempts go on for as long as it takes, often
/// failing for the same reason or for two in turn: each is worth one line.
struct ToldProblems {
    /// The most reasons told while there is no connection.
    static let countMax = 16

    private var details: Set<String> = []

    /// Whether a reason is to be told; it is then no longer.
    mutating func isNew(_ problem: RedisError) -> Bool {
        details.count < Self.countMax && details.insert(problem.detail).inserted
    }
}
