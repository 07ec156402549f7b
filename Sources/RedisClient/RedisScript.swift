import CGnuTLS

/// A Lua script, which Redis knows by its SHA-1 digest.
package final class RedisScript: Sendable {
    package let source: String
    /// 40 hexadecimal digits.
    package let digest: String
    /// `EVALSHA` and the digest, as they are sent.
    private let beginning: [UInt8]

    /// - Parameter source: Lua.
    package init(_ source: String) {
        self.source = source
        var bytes = [UInt8](repeating: 0, count: Int(CGNUTLS_SHA1_BYTES))
        let text = Array(source.utf8)
        let result = cgnutls_sha1(text, text.count, &bytes)
        precondition(result == 0, "GnuTLS makes no SHA-1 digest")
        digest = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        var command = RedisCommand(argumentCount: 1, after: [])
        let headerBytes = command.bytes.count
        for argument in ["EVALSHA", digest] { command.append(argument) }
        beginning = Array(command.bytes.dropFirst(headerBytes))
    }

    /// The command that runs it, for ``RedisClient/pipeline(_:)``: Redis may not know it.
    package func evaluation(keys: [String], arguments: [String]) -> RedisCommand {
        var command = RedisCommand(argumentCount: 3 + keys.count + arguments.count, after: beginning)
        command.append(String(keys.count))
        for key in keys { command.append(key) }
        for argument in arguments { command.append(argument) }
        return command
    }

    package func evaluation(key: String, arguments: [String]) -> RedisCommand {
        evaluation(keys: [key], arguments: arguments)
    }

    /// The command that makes Redis know it.
    package var load: RedisCommand { RedisCommand(["SCRIPT", "LOAD", source]) }
}
