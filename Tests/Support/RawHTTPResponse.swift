/// An answer as it came over the wire, taken apart by RFC 9112 without any leniency.
package struct RawHTTPResponse {
    package let status: Int
    package let headers: [(name: String, value: String)]
    package internal(set) var body: [UInt8] = []

    /// - Parameter head: the status line and the headers, with the empty line.
    init(head: String) throws {
        // The two line ends are two characters, each of two bytes.
        let lines = head.dropLast(2).split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "HTTP/1.1", words[1].utf8.count == 3, let status = Int(words[1]),
            (100...599).contains(status), !words[2].isEmpty
        else { throw RawHTTPError("not a status line: \(lines[0])") }
        self.status = status
        headers = try lines.dropFirst().map { line in
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line[..<colon].utf8.allSatisfy(Self.isNameByte),
                line.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f })
            else { throw RawHTTPError("not a header: \(line)") }
            let value = line[colon...].dropFirst().drop { $0 == " " }
            return (String(line[..<colon]).lowercased(), String(value))
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// The value of a header that there is once; its name in lower case.
    package func header(_ name: String) -> String? {
        let values = headers.filter { $0.name == name }.map(\.value)
        return values.count == 1 ? values[0] : nil
    }

    /// What Content-Length says. Every answer must say it, and none may be chunked.
    package var contentLength: Int {
        get throws {
            guard header("transfer-encoding") == nil else { throw RawHTTPError("the answer is chunked") }
            guard let text = header("content-length"), text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let length = Int(text)
            else { throw RawHTTPError("no Content-Length, or more than one: \(headers)") }
            return length
        }
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body, which must be JSON and nothing else.
    package var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }

    package var isProblem: Bool { header("content-type") == "application/problem+json" }

    package var closesConnection: Bool { header("connection")?.lowercased() == "close" }
}
