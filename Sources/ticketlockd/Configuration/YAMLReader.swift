import CYAML

/// One node of a YAML document. Scalars stay text: what they mean is the reader's to say, not YAML's.
struct YAMLNode: Equatable {
    /// What a node holds.
    indirect enum Content: Equatable {
        /// `isPlain`: without quotes.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        /// In the order of the text; a key may be there twice.
        case map([Pair])
    }

    /// A key of a map with its value.
    struct Pair: Equatable {
        let key: String
        let line: Int
        let value: YAMLNode
    }

    let content: Content
    /// Counted from 1.
    let line: Int

    /// The root of the one document in `bytes`, which must be UTF-8; nil if there is none. Refused are more
    /// than one document, aliases, anchors, tags, keys that are not scalars, and more than `depthMax` levels.
    static func parse(_ bytes: [UInt8], depthMax: Int) throws(YAMLError) -> YAMLNode? {
        // libyaml wants an address even of nothing.
        let padded = bytes + [UInt8(ascii: "\n")]
        let result = padded.withUnsafeBufferPointer { buffer -> Result<YAMLNode?, YAMLError> in
            guard let base = buffer.baseAddress, let parser = cyaml_open(base, buffer.count) else {
                return .failure(YAMLError(detail: "cannot be read: out of memory", line: 1))
            }
            defer { cyaml_close(parser) }
            return Result { () throws(YAMLError) in try YAMLReader(parser, depthMax: depthMax).document() }
        }
        return try result.get()
    }
}

/// Why a text is not YAML that we read, and on which line, counted from 1.
struct YAMLError: Error, Equatable {
    let detail: String
    let line: Int
}

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
