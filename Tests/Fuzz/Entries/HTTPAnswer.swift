/// The head of an answer, as it stands on the wire, read by RFC 9112 without leniency.
struct HTTPAnswer {
    let status: UInt16
    let contentLength: Int
    let contentType: String
    let closes: Bool

    /// 408 is for who is too slow.
    private static let statuses: Set<UInt16> = [
        100, 200, 201, 400, 401, 403, 404, 405, 408, 409, 410, 411, 413, 414, 415, 417, 421, 422, 423, 429,
        431, 501,
        503, 505,
    ]

    /// - Parameter head: with its empty line.
    init(head: ArraySlice<UInt8>) throws(Finding) {
        let text = String(decoding: head.dropLast(4), as: UTF8.self)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let line = Array(lines[0].utf8)
        guard line.starts(with: "HTTP/1.1 ".utf8), line.count > 13, line[12] == 0x20,
            let status = UInt16(String(decoding: line[9..<12], as: UTF8.self)), Self.statuses.contains(status)
        else { throw Finding("a status line that is none: \(lines[0].debugDescription)") }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let name = line[..<colon].lowercased()
            guard colon < line.endIndex, !name.isEmpty,
                name.utf8.allSatisfy({ (0x61...0x7a).contains($0) || $0 == 0x2d }),
                line.utf8.allSatisfy({ (0x20..<0x7f).contains($0) })
            else { throw Finding("a header that is none: \(line.debugDescription)") }
            try Finding.unless(headers[name] == nil, "\(name) twice")
            headers[name] = String(line[colon...].dropFirst().drop { $0 == " " })
        }
        self.status = status
        contentType = headers["content-type"] ?? ""
        closes = headers["connection"]?.lowercased() == "close"
        try Finding.unless(headers["transfer-encoding"] == nil, "an answer in chunks")
        guard status != 100 else {
            contentLength = 0
            return
        }
        guard let length = headers["content-length"], length.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let contentLength = Int(length)
        else { throw Finding("an answer without its length: \(text.debugDescription)") }
        self.contentLength = contentLength
    }

    /// Throws unless the body is what the head says.
    func check(_ body: ArraySlice<UInt8>) throws(Finding) {
        switch contentType {
        case "application/json", "application/problem+json":
            let json = try? PlainJSON(body)
            try Finding.unless(
                json != nil,
                "a body that is no JSON: \(String(decoding: body, as: UTF8.self).debugDescription)")
            guard contentType == "application/problem+json" else { return }
            try Finding.unless(
                json?["status"] == .number(String(status)) && json?["code"] != nil,
                "a problem without its code")
        case "text/plain; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8":
            try Finding.unless(status < 400, "\(status) as plain text")
        // What libmicrohttpd itself has to say.
        case "text/html", "": try Finding.unless(status == 200 || status >= 400, "\(status) as HTML")
        default: throw Finding("a body of type \(contentType.debugDescription)")
        }
    }
}
