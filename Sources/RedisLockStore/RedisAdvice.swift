import RedisClient

/// What Redis said when it refused something, and what to do about it.
struct RedisAdvice: CustomStringConvertible {
    /// The longest that is passed on of what Redis said, in characters.
    private static let detailMax = 300

    let description: String

    init(_ error: RedisError) {
        // Behind it stands where in a script it happened.
        let said =
            error.detail.split(separator: " script: ", maxSplits: 1).first.map(String.init) ?? error.detail
        let advice = Self.advice(word: error.word, said: said).map { " (\($0))" } ?? ""
        description = "Redis refuses: \(said.prefix(Self.detailMax))\(advice)"
    }

    private static func advice(word: String, said: String) -> String? {
        switch word {
        case "OOM": "give it more memory, maxmemory, or remove what else it holds"
        case "NOREPLICAS": "bring its replicas back, or lower its min-replicas-to-write"
        case "READONLY": "name the master, or its sentinels, in redis.host or redis.sentinels"
        case "MISCONF": "it cannot save to its disk: free some space there"
        case "LOADING": "it is loading its data, which ends by itself"
        case "BUSY": "a script of somebody else keeps it busy: SCRIPT KILL"
        case "NOPERM": rights
        case "NOAUTH", "WRONGPASS": "check redis.username and redis.password_file"
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN": withoutCluster
        default:
            if said.contains("cluster mode") {
                withoutCluster
            } else if said.contains("user executing the script can't") {
                rights
            } else if said.contains("ompiling script") || said.contains("unknown command") {
                "it cannot run the scripts: Redis 7 or later is needed"
            } else {
                nil
            }
        }
    }

    private static let rights = "give the user of redis.username the rights that README names"
    private static let withoutCluster = "a cluster cannot be used: use one server, with replicas and Sentinel"
}
