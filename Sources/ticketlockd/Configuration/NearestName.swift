/// Suggestions for names that were mistyped.
enum NearestName {
    /// The end of the sentence about a secret that has no key, so that none stands in the settings or in a list
    /// of processes; nil for other names.
    static func hint(forSecret name: String) -> String? {
        guard ["redis.password", "TICKETLOCKD_REDIS_PASSWORD"].contains(name) else { return nil }
        return "; write the password into a file of its own, and name that with redis.password_file"
    }

    /// `; did you mean "x"?` for the name in `names` that is nearest to `name`, or nothing if none is near.
    static func suggestion(for name: String, among names: [String]) -> String {
        nearest(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
    }

    /// The name at the smallest distance, if that is small for its length. A name without its section is near
    /// too.
    static func nearest(to name: String, among names: [String]) -> String? {
        // A name much longer than any of ours is no typo, and would take long to compare.
        guard name.utf8.count <= 128 else { return nil }
        if let whole = names.first(where: { $0.hasSuffix("." + name) || $0.hasSuffix("_" + name) }) {
            return whole
        }
        let best = names.map { (distance(name, $0), $0) }.min { $0.0 < $1.0 }
        guard let best, best.0 <= max(2, name.count / 5) else { return nil }
        return best.1
    }

    /// The number of insertions, deletions and replacements that make `a` into `b` (Levenshtein).
    static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.lowercased().utf8)
        let b = Array(b.lowercased().utf8)
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let replaced = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
