import TicketLock

/// Writes JSON (RFC 8259) straight into bytes of its own.
struct JSONWriter: ~Copyable {
    private static let firstCapacity = 512
    /// What is kept from one text to the next.
    private static let keptCapacityMax = 65_536

    private var start = UnsafeMutablePointer<UInt8>.allocate(capacity: firstCapacity)
    private var capacity = firstCapacity
    private(set) var count = 0
    /// A comma must come before the next member or element.
    private var needsComma = false

    init() {}

    deinit {
        start.deallocate()
    }

    /// What has been written; the next text begins.
    mutating func take() -> [UInt8] {
        defer { clear() }
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    private mutating func clear() {
        count = 0
        needsComma = false
        guard capacity > Self.keptCapacityMax else { return }
        start.deallocate()
        capacity = Self.firstCapacity
        start = .allocate(capacity: capacity)
    }

    mutating func beginObject() {
        separate()
        append(UInt8(ascii: "{"))
        needsComma = false
    }

    mutating func endObject() {
        append(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func beginArray(_ key: StaticString) {
        self.key(key)
        append(UInt8(ascii: "["))
        needsComma = false
    }

    mutating func endArray() {
        append(UInt8(ascii: "]"))
        needsComma = true
    }

    mutating func field(_ key: StaticString, _ value: String) {
        self.key(key)
        string(value)
    }

    mutating func field(_ key: StaticString, _ value: Int64) {
        self.key(key)
        integer(value)
    }

    mutating func field(_ key: StaticString, _ value: Bool) {
        self.key(key)
        raw(value ? "true" : "false")
    }

    mutating func null(_ key: StaticString) {
        self.key(key)
        raw("null")
    }

    /// A number of seconds with six decimals.
    mutating func seconds(_ key: StaticString, microseconds: Int64) {
        self.key(key)
        if microseconds < 0 { append(UInt8(ascii: "-")) }
        let magnitude = microseconds.magnitude
        integer(Int64(magnitude / 1_000_000))
        append(UInt8(ascii: "."))
        digits(magnitude % 1_000_000, count: 6)
    }

    private mutating func separate() {
        if needsComma { append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// Keys are the code's own words and need no escapes.
    private mutating func key(_ key: StaticString) {
        let length = key.utf8CodeUnitCount
        reserve(length + 4)
        if needsComma { put(UInt8(ascii: ",")) }
        needsComma = true
        put(UInt8(ascii: "\""))
        (start + count).update(from: key.utf8Start, count: length)
        count += length
        put(UInt8(ascii: "\""))
        put(UInt8(ascii: ":"))
    }

    private mutating func raw(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func integer(_ value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        var count = 1
        var bound: UInt64 = 10
        while magnitude >= bound, count < 19 {
            count += 1
            bound *= 10
        }
        digits(magnitude, count: count)
    }

    /// The last `count` decimal digits of a number, written from the last, two for each division.
    private mutating func digits(_ value: UInt64, count digits: Int) {
        reserve(digits)
        var value = value
        var place = count + digits
        let first = count
        count = place
        while place - first >= 2 {
            let (rest, pair) = value.quotientAndRemainder(dividingBy: 100)
            place -= 2
            start[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: pair / 10)
            start[place + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: pair % 10)
            value = rest
        }
        if place > first { start[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10) }
    }

    private mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            reserve(utf8.count + 2)
            put(UInt8(ascii: "\""))
            let rest = UnsafeRawBufferPointer(utf8).dropFirst(putPlainWords(of: UnsafeRawBufferPointer(utf8)))
            for byte in rest { escaped(byte) }
        }
        append(UInt8(ascii: "\""))
    }

    /// Writes whole words of eight bytes as long as none of their bytes needs an escape; how many bytes that was.
    /// Room has been reserved.
    private mutating func putPlainWords(of bytes: UnsafeRawBufferPointer) -> Int {
        var place = 0
        while place + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            guard !Self.needsEscape(word) else { break }
            UnsafeMutableRawPointer(start + count).storeBytes(of: word, as: UInt64.self)
            count += 8
            place += 8
        }
        return place
    }

    /// Whether any of eight bytes needs an escape. A byte of `word - ones * n` borrows, and one of `~word` is
    /// high, only where a byte is below `n`, or beside such a one, which is escaped anyway.
    private static func needsEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones * UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones * UInt64(UInt8(ascii: "\\")))
        let found =
            (word &- ones * 0x20) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
        return found & (ones << 7) != 0
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escaped(_ byte: UInt8) {
        guard Self.needsEscape(byte) else {
            append(byte)
            return
        }
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case UInt8(ascii: "\n"): raw("\\n")
        case UInt8(ascii: "\r"): raw("\\r")
        case UInt8(ascii: "\t"): raw("\\t")
        default:
            raw("\\u00")
            append(hexDigit(byte >> 4))
            append(hexDigit(byte & 15))
        }
    }

    private func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    // MARK: The bytes

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        reserve(1)
        put(byte)
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (start + count).update(from: source, count: bytes.count)
        count += bytes.count
    }

    /// Room for the byte has been reserved.
    private mutating func put(_ byte: UInt8) {
        start[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        capacity = max(capacity * 2, count + more)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        grown.update(from: start, count: count)
        start.deallocate()
        start = grown
    }
}
