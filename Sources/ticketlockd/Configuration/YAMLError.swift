/// Why a text is not YAML that we read, and on which line, counted from 1.
struct YAMLError: Error, Equatable {
    let detail: String
    let line: Int
}
