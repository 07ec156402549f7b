/// A command in the form it is sent in: an array of strings (RESP2). Any bytes may be arguments.
package struct RedisCommand: Sendable, Equatable {
    private(set) var bytes: [UInt8]

    /// - Parameter arguments: the command's name and what belongs to it; at least one.
    package init(_ arguments: [String]) {
        self.init(argumentCount: arguments.count, after: [])
        for argument in arguments { append(argument) }
    }

    /// - Parameter arguments: the command's name and what belongs to it; at least one.
    package init(bytes arguments: [[UInt8]]) {
        self.init(argumentCount: arguments.count, after: [])
        for argument in arguments { append(argument) }
    }

    /// A command some of whose arguments, already written, are the same each time.
    init(argumentCount: Int, after written: [UInt8]) {
        precondition(argumentCount > 0, "a Redis command has a name")
        bytes = []
        bytes.reserveCapacity(written.count + argumentCount * 32)
        bytes.append(UInt8(ascii: "*"))
        appendLine(argumentCount)
        bytes.append(contentsOf: written)
    }

    mutating func append(_ argument: String) {
        var argument = argument
        argument.withUTF8 { append($0) }
    }

    mutating func append(_ argument: some Collection<UInt8>) {
        bytes.append(UInt8(ascii: "$"))
        appendLine(argument.count)
        bytes.append(contentsOf: argument)
        bytes.append(0x0d)
        bytes.append(0x0a)
    }

    private mutating func appendLine(_ number: Int) {
        if number < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(number))
        } else {
            bytes.append(contentsOf: String(number).utf8)
        }
        bytes.append(0x0d)
        bytes.append(0x0a)
    }
}
