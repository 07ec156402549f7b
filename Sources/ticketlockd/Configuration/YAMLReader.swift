import CYAML

/// Builds nodes from the events of a parser, which it borrows.
struct YAMLReader {
    private let parser: OpaquePointer
    private let depthMax: Int

    init(_ parser: OpaquePointer, depthMax: Int) {
        self.parser = parser
        self.depthMax = depthMax
    }

    /// The root of the only document, or nil if the text has none.
    func document() throws(YAMLError) -> YAMLNode? {
        guard try next() == CYAML_DOCUMENT else { return nil }
        let root = try node(try next(), depth: 0)
        guard try next() == CYAML_END else { throw error("has a second document after \"---\"") }
        return root
    }

    private func node(_ event: Int32, depth: Int) throws(YAMLError) -> YAMLNode {
        guard cyaml_is_decorated(parser) == 0 else {
            throw error("has an anchor or a tag (&name, !name), which are not allowed")
        }
        let line = self.line
        switch event {
        case CYAML_SCALAR:
            return YAMLNode(content: .scalar(scalar(), isPlain: cyaml_is_plain(parser) == 1), line: line)
        case CYAML_LIST_START: return YAMLNode(content: .list(try list(depth: depth + 1)), line: line)
        case CYAML_MAP_START: return YAMLNode(content: .map(try map(depth: depth + 1)), line: line)
        default: throw error("has an alias (*name), which is not allowed")
        }
    }

    private func list(depth: Int) throws(YAMLError) -> [YAMLNode] {
        try check(depth)
        var nodes: [YAMLNode] = []
        while true {
            let event = try next()
            if event == CYAML_LIST_END { return nodes }
            nodes.append(try node(event, depth: depth))
        }
    }

    private func map(depth: Int) throws(YAMLError) -> [YAMLNode.Pair] {
        try check(depth)
        var pairs: [YAMLNode.Pair] = []
        while true {
            let event = try next()
            if event == CYAML_MAP_END { return pairs }
            guard event == CYAML_SCALAR else { throw error("has a key that is not a name") }
            let key = try node(event, depth: depth)
            guard case .scalar(let name, _) = key.content else { throw error("has a key that is not a name") }
            pairs.append(.init(key: name, line: key.line, value: try node(try next(), depth: depth)))
        }
    }

    private func check(_ depth: Int) throws(YAMLError) {
        guard depth <= depthMax else { throw error("is nested deeper than \(depthMax) levels") }
    }

    private func next() throws(YAMLError) -> Int32 {
        let event = cyaml_next(parser)
        guard event != CYAML_FAILED else {
            throw error("is not valid YAML: \(QuotedText.escaped(String(cString: cyaml_problem(parser))))")
        }
        return event
    }

    private func scalar() -> String {
        var length = 0
        guard let start = cyaml_scalar(parser, &length) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: length), as: UTF8.self)
    }

    private var line: Int { Int(cyaml_line(parser)) }

    private func error(_ detail: String) -> YAMLError { YAMLError(detail: detail, line: line) }
}
