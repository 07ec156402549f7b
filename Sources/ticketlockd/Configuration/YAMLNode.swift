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
