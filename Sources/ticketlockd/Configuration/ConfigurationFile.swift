import Glibc

/// The entries of a YAML file. Its problems do not hide those of the other sources, so they are collected as
/// well.
struct ConfigurationFile {
    /// Levels of lists and maps that are looked into; our keys need two.
    static let depthMax = 8

    private(set) var entries: [ConfigurationEntry] = []
    private(set) var errors: [ConfigurationError] = []
    private let path: String
    /// The line where each name, of keys and sections, was first seen.
    private var firstLines: [String: Int] = [:]

    /// Reads `bytes`; `path` is for messages.
    init(path: String, bytes: [UInt8]) {
        self.path = path
        if let line = Self.lineOfInvalidUTF8(bytes) {
            fail("is not valid UTF-8", at: line)
            return
        }
        do throws(YAMLError) {
            if let root = try YAMLNode.parse(bytes, depthMax: Self.depthMax) { readRoot(root) }
        } catch {
            let tab = "is not valid YAML: the line is indented by a tab; use spaces"
            fail(Self.isIndentedByTab(bytes, line: error.line) ? tab : error.detail, at: error.line)
        }
    }

    private mutating func readRoot(_ root: YAMLNode) {
        switch root.content {
        case .map(let pairs): readMap(pairs, prefix: "")
        case .scalar("", isPlain: true): break
        case .scalar, .list:
            fail("does not hold keys with values, such as \"log: {level: debug}\"", at: root.line)
        }
    }

    private mutating func readMap(_ pairs: [YAMLNode.Pair], prefix: String) {
        for pair in pairs {
            let name = prefix + pair.key
            if let first = firstLines[name] {
                report(.duplicateKey, name, "is there twice, first on line \(first)", at: pair.line)
                continue
            }
            firstLines[name] = pair.line
            readValue(pair.value, name: name, line: pair.line)
        }
    }

    private mutating func readValue(_ value: YAMLNode, name: String, line: Int) {
        let key = ConfigurationKey.named(name)
        let isSection = ConfigurationKey.all.contains { $0.name.hasPrefix(name + ".") }
        switch value.content {
        case .map where key != nil:
            report(.invalidValue, name, "a map is not \(key?.allowed ?? "")", at: line)
        case .map(let pairs) where pairs.isEmpty && !isSection: add(name, .nothing, line)
        case .map(let pairs): readMap(pairs, prefix: name + ".")
        case .scalar("", isPlain: true) where isSection: break
        case .scalar("", isPlain: true): add(name, .nothing, line)
        case .scalar(let text, _) where isSection: reportSection(name, QuotedText.shown(text), at: line)
        case .list where isSection: reportSection(name, "a list", at: line)
        case .scalar(let text, _): add(name, .scalar(text), line)
        case .list(let nodes): addList(nodes, name: name, line: line)
        }
    }

    private mutating func addList(_ nodes: [YAMLNode], name: String, line: Int) {
        var items: [ConfigurationEntry.Item] = []
        for node in nodes {
            guard case .scalar(let text, _) = node.content else {
                return report(
                    .invalidValue, name, "a list or map inside a list is not allowed", at: node.line)
            }
            items.append(.init(text: text, source: .file(path: path, line: node.line)))
        }
        add(name, .list(items), line)
    }

    private mutating func add(_ name: String, _ value: ConfigurationEntry.Value, _ line: Int) {
        entries.append(ConfigurationEntry(key: name, value: value, source: .file(path: path, line: line)))
    }

    private mutating func reportSection(_ name: String, _ value: String, at line: Int) {
        let keys = ConfigurationKey.all.map(\.name).filter { $0.hasPrefix(name + ".") }
        report(
            .invalidValue, name, "\(value) is not a section with any of \(keys.joined(separator: ", "))",
            at: line)
    }

    private mutating func report(
        _ code: ConfigurationError.Code, _ key: String, _ detail: String, at line: Int
    ) {
        errors.append(.init(code: code, key: key, detail: detail, source: .file(path: path, line: line)))
    }

    private mutating func fail(_ detail: String, at line: Int) {
        entries = []
        errors.append(
            .init(code: .invalidYAML, key: nil, detail: detail, source: .file(path: path, line: line)))
    }

    /// Whether a tab is among the blanks that a line begins with, which YAML does not allow.
    private static func isIndentedByTab(_ bytes: [UInt8], line: Int) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1) else { return false }
        let blanks = lines[line - 1].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return blanks.contains(UInt8(ascii: "\t"))
    }

    /// The line, counted from 1, that holds the first bytes which are not UTF-8, or nil if all are.
    private static func lineOfInvalidUTF8(_ bytes: [UInt8]) -> Int? {
        var line = 1
        for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if String(validating: part, as: UTF8.self) == nil { return line }
            line += 1
        }
        return nil
    }
}

/// Reads a configuration file whole.
enum ConfigurationFileReader {
    /// The longest file that is read; ours has a few kilobytes.
    static let bytesMax = 1_048_576

    /// The bytes of the regular file (or of /dev/null) at `path`. Throws what is wrong as the end of a
    /// sentence that begins with the path. Never waits for a writer: pipes are refused.
    static func read(_ path: String) throws(ConfigurationProblem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFCHR: break
        case S_IFDIR: throw ConfigurationProblem("cannot be read: it is a directory")
        default: throw ConfigurationProblem("cannot be read: it is not a regular file")
        }
        var bytes: [UInt8] = []
        while bytes.count <= bytesMax {
            let part = try readPart(descriptor)
            if part.isEmpty { return bytes }
            bytes += part
        }
        throw ConfigurationProblem("cannot be read: it is longer than \(bytesMax) bytes")
    }

    private static func readPart(_ descriptor: Int32) throws(ConfigurationProblem) -> [UInt8] {
        var code: Int32 = 0
        let part = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            var got = -1
            repeat {
                got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            } while got < 0 && errno == EINTR
            if got < 0 { code = errno }
            count = max(0, got)
        }
        guard code == 0 else { throw failure(code) }
        return part
    }

    private static func failure(_ code: Int32) -> ConfigurationProblem {
        // glibc keeps this text per thread.
        let words = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return ConfigurationProblem("cannot be read: \(words)")
    }
}
