import CGnuTLS

/// A Lua script, which Redis knows by its SHA-1 digest.
package final class RedisScript: Sendable {
    package let source: String
    /// 40 hexadecimal digits.
    package let digest: String
    /// `EVALSHA`, the digest and the number of keys, one, as they are sent.
    private let beginning: [UInt8]

    /// - Parameter source: Lua that uses `KEYS[1]` and no other key, so that Redis Cluster knows its slot.
    package init(_ source: String) {
        self.source = source
        var bytes = [UInt8](repeating: 0, count: Int(CGNUTLS_SHA1_BYTES))
        let text = Array(source.utf8)
        let result = cgnutls_sha1(text, text.count, &bytes)
        precondition(result == 0, "GnuTLS makes no SHA-1 digest")
        digest = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        var command = RedisCommand(argumentCount: 1, after: [])
        let headerBytes = command.bytes.count
        for argument in ["EVALSHA", digest, "1"] { command.append(argument) }
        beginning = Array(command.bytes.dropFirst(headerBytes))
    }

    /// The command that runs it, for ``RedisClient/pipeline(_:)``: Redis may not know it.
    package func evaluation(key: String, arguments: [String]) -> RedisCommand {
        var command = RedisCommand(argumentCount: 4 + arguments.count, after: beginning)
        command.append(key)
        for argument in arguments { command.append(argument) }
        return command
    }

    /// The command that makes Redis know it.
    package var load: RedisCommand { RedisCommand(["SCRIPT", "LOAD", source]) }
}
