import CJSON
import Glibc
package import TicketLock

/// Reads a history: JSON lines, one event a line, in the order of their moments. Blank lines are skipped.
///
/// Every line has `at`, whole nanoseconds on any one clock that goes on like the one by which tickets expire, and
/// `event`; the other fields are named and counted as in the HTTP API, and spans are seconds as there. Unknown fields,
/// repeated ones and wrong types are errors. Where a `?` stands a field may be missing; what is missing is not judged.
///
/// | event | fields | when |
/// |---|---|---|
/// | `sent` | `request` (an integer, never twice), `op`, `conversation_id`, `client?`, `ticket?`, `token?`, `lifetime?`, `timeout?`, `patience?`, `key?`, `if_busy?` | before the first byte of the request leaves |
/// | `answered` | `request`, `status`, `code?`, `ticket?`, `token?`, `is_locked?`, `now_serving?`, `expires_in?`, `expires_at?`, `removed?`, `deleted?`, `is_someone_waiting?`, `waiting?` | after the last byte of the answer was read |
/// | `written` | as `answered` | when the daemon gave the last byte to the kernel: the answer must be true then |
/// | `lost` | `request`, `done?` (false: certainly not done) | the connection ended, or will now be ended, without an answer |
/// | `listed` | `request`, `ticket`, `token`, `expires_at?` | one ticket of a get_lock's or put_lock's answer, in its order, before the answer |
/// | `fault` | `fault` (a ``HistoryFault/Kind``), `seconds?` | before the fault can have an effect; `available` after its end |
/// | `end` | | nothing was recorded after it |
///
/// `op`: issue_ticket, acquire, wait, extend, watch, finish_serving, cleanup, is_waiting, get_lock, put_lock, delete_lock.
/// A request has one end: answered, written or lost. `expires_at` is when the ticket expires, in nanoseconds on the
/// history's clock (of an API's answer: `expires`, if `at` is the wall clock's). Without it an expiry is only known to be
/// `expires_in` after some moment of the request, and a holder who waited long for its turn is judged by little.
/// `owner`, `interrupt`, `after`, `interrupted`, `position`, `last_issued`, `reason` and `comment` may be told, too.
///
/// ```
/// {"at":1000,"event":"sent","request":1,"client":"a","op":"acquire","conversation_id":"ada","lifetime":20,"timeout":30}
/// {"at":2000,"event":"answered","request":1,"status":201,"ticket":0,"token":7,"is_locked":false,"now_serving":0,"expires_in":20}
/// {"at":3000,"event":"fault","fault":"killed"}
/// ```
package struct HistoryReader: ~Copyable {
    /// A longer line is an error.
    package static let lineBytesMax = 65_536
    private static let membersMax = 40

    private let parser: OpaquePointer
    private let members = UnsafeMutablePointer<cjson_member>.allocate(capacity: membersMax)
    /// What came of a line that has not ended yet.
    private var rest: [UInt8] = []
    private var line = 0

    package init() {
        guard let parser = cjson_parser_new(Self.lineBytesMax) else {
            fatalError("no memory for the JSON parser")
        }
        self.parser = parser
    }

    deinit {
        cjson_parser_free(parser)
        members.deallocate()
    }

    /// Reads on: calls `take` for every event whose line ends in `bytes`, with its moment and line.
    package mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ take: (HistoryEvent, Instant, Int) throws(HistoryError) -> Void
    ) throws(HistoryError) {
        var start = 0
        while let end = Self.newline(in: bytes, from: start) {
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            start = end + 1
            if rest.isEmpty {
                try readLine(part, take)
            } else {
                rest.append(contentsOf: part)
                let whole = rest
                rest.removeAll(keepingCapacity: true)
                try Self.withBytes(of: whole) { bytes throws(HistoryError) in try readLine(bytes, take) }
            }
        }
        rest.append(contentsOf: bytes[start...])
        guard rest.count <= Self.lineBytesMax else { throw tooLong(line + 1) }
    }

    /// Reads the last line, if it has no end.
    package mutating func end(
        _ take: (HistoryEvent, Instant, Int) throws(HistoryError) -> Void
    ) throws(HistoryError) {
        let last = rest
        rest = []
        guard !last.isEmpty else { return }
        try Self.withBytes(of: last) { bytes throws(HistoryError) in try readLine(bytes, take) }
    }

    private static func newline(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private mutating func readLine(
        _ bytes: UnsafeRawBufferPointer, _ take: (HistoryEvent, Instant, Int) throws(HistoryError) -> Void
    ) throws(HistoryError) {
        line += 1
        guard bytes.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }) else { return }
        guard bytes.count <= Self.lineBytesMax else { throw tooLong(line) }
        var reason: UnsafePointer<CChar>?
        let count = cjson_parse_object(
            parser, bytes.baseAddress, bytes.count, members, Int32(Self.membersMax), &reason)
        guard count >= 0 else {
            let words =
                reason.map { String(cString: $0) }
                ?? "it must be one JSON object of at most \(Self.membersMax) fields"
            throw HistoryError(line: line, text: "not a line of a history: \(words)")
        }
        var parsed = ParsedLine(line: line)
        for index in 0..<Int(count) { try parsed.set(members[index]) }
        let (event, moment) = try parsed.event()
        try take(event, moment, line)
    }

    private func tooLong(_ line: Int) -> HistoryError {
        HistoryError(line: line, text: "the line is longer than \(Self.lineBytesMax) bytes")
    }

    private static func withBytes(
        of array: [UInt8], _ body: (UnsafeRawBufferPointer) throws(HistoryError) -> Void
    ) throws(HistoryError) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: array.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: array)
        try body(UnsafeRawBufferPointer(copy))
    }
}

extension HistoryChecker {
    /// Checks a whole history that is in memory.
    package init(checking history: [UInt8], _ options: HistoryOptions = HistoryOptions()) throws(HistoryError)
    {
        self.init(options)
        var reader = HistoryReader()
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: history.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: history)
        try reader.read(UnsafeRawBufferPointer(copy)) { event, moment, line throws(HistoryError) in
            try take(event, at: moment, line: line)
        }
        try reader.end { event, moment, line throws(HistoryError) in try take(event, at: moment, line: line) }
        end()
    }
}
