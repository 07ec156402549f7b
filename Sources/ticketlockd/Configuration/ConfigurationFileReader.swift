import Glibc

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
