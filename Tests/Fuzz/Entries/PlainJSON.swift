/// One JSON document, read as RFC 8259 has it and in no other way: a second opinion, written to be seen to be right.
indirect enum PlainJSON: Equatable {
    case null, boolean
    /// As it is written.
    case number(String)
    /// Its UTF-8, escapes undone.
    case string([UInt8])
    case array([PlainJSON])
    case object([Member])

    struct Member: Equatable {
        let name: [UInt8]
        let value: PlainJSON
    }

    /// Why bytes are not one document.
    enum Problem: Error { case syntax, tooDeep }

    /// Levels that are looked into.
    static let depthMax = 1000

    init(_ bytes: some Sequence<UInt8>) throws(Problem) {
        let bytes = Array(bytes)
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .syntax }
        var reader = PlainJSONReader(rest: bytes[...])
        self = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.rest.isEmpty else { throw .syntax }
    }

    /// A member of an object; nil if there is none, or more than one.
    subscript(_ name: String) -> PlainJSON? {
        guard case .object(let members) = self else { return nil }
        let found = members.filter { $0.name == Array(name.utf8) }
        return found.count == 1 ? found[0].value : nil
    }
}

private struct PlainJSONReader {
    var rest: ArraySlice<UInt8>

    mutating func skipSpace() { rest = rest.drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) } }

    mutating func value(depth: Int) throws(PlainJSON.Problem) -> PlainJSON {
        guard depth <= PlainJSON.depthMax else { throw .tooDeep }
        skipSpace()
        switch rest.first {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "t"): return try word("true", .boolean)
        case UInt8(ascii: "f"): return try word("false", .boolean)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: PlainJSON) throws(PlainJSON.Problem) -> PlainJSON {
        guard rest.starts(with: word.utf8) else { throw .syntax }
        rest = rest.dropFirst(word.utf8.count)
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func elements(depth: Int) throws(PlainJSON.Problem) -> [PlainJSON] {
        _ = take("[")
        var elements: [PlainJSON] = []
        skipSpace()
        if take("]") { return elements }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return elements }
            guard take(",") else { throw .syntax }
        }
    }

    private mutating func members(depth: Int) throws(PlainJSON.Problem) -> [PlainJSON.Member] {
        _ = take("{")
        var members: [PlainJSON.Member] = []
        skipSpace()
        if take("}") { return members }
        while true {
            skipSpace()
            let name = try string()
            skipSpace()
            guard take(":") else { throw .syntax }
            members.append(.init(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return members }
            guard take(",") else { throw .syntax }
        }
    }

    private mutating func digits() throws(PlainJSON.Problem) -> String {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { throw .syntax }
        rest = rest.dropFirst(digits.count)
        return String(decoding: digits, as: UTF8.self)
    }

    private mutating func number() throws(PlainJSON.Problem) -> String {
        var text = take("-") ? "-" : ""
        text += take("0") ? "0" : try digits()
        if take(".") { text += "." + (try digits()) }
        if take("e") || take("E") {
            text += "e"
            if take("-") { text += "-" } else { _ = take("+") }
            text += try digits()
        }
        return text
    }

    private mutating func string() throws(PlainJSON.Problem) -> [UInt8] {
        guard take("\"") else { throw .syntax }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return bytes
            case UInt8(ascii: "\\"): bytes += try escape()
            case 0..<0x20: throw .syntax
            default: bytes.append(byte)
            }
        }
        throw .syntax
    }

    private mutating func escape() throws(PlainJSON.Problem) -> [UInt8] {
        switch rest.popFirst() {
        case UInt8(ascii: "\""): return [0x22]
        case UInt8(ascii: "\\"): return [0x5c]
        case UInt8(ascii: "/"): return [0x2f]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(try scalar()).utf8)
        default: throw .syntax
        }
    }

    private mutating func scalar() throws(PlainJSON.Problem) -> Unicode.Scalar {
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard (0xd800..<0xdc00).contains(unit), take("\\"), take("u") else { throw .syntax }
        let low = try codeUnit()
        guard (0xdc00..<0xe000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
        else { throw .syntax }
        return scalar
    }

    private mutating func codeUnit() throws(PlainJSON.Problem) -> UInt32 {
        let text = String(decoding: rest.prefix(4), as: UTF8.self)
        guard rest.count >= 4, text.utf8.allSatisfy({ UInt8(ascii: "+") != $0 && UInt8(ascii: "-") != $0 }),
            let unit = UInt32(text, radix: 16)
        else { throw .syntax }
        rest = rest.dropFirst(4)
        return unit
    }
}
