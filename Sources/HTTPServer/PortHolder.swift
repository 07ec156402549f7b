import Glibc

/// Who listens at a port, as far as /proc shows it to us: all of it to root, else our own user's processes.
enum PortHolder {
    /// The error that an address (`127.0.0.1:5625`) is in use, with who has it and what to do.
    static func error(_ error: HTTPServerError, _ address: String) -> HTTPServerError {
        if address.hasPrefix("unix:"), isNoSocket(String(address.dropFirst(5))) {
            return HTTPServerError(
                error.code,
                "\(error.detail): what is there is no socket; remove it, or choose another path for listen")
        }
        let port =
            address.hasPrefix("unix:") ? nil : address.split(separator: ":").last.flatMap { UInt16($0) }
        let holder = port.map(words) ?? ""
        return HTTPServerError(
            error.code,
            "\(error.detail)\(holder); end what listens there, or choose another address for listen")
    }

    private static func isNoSocket(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFSOCK
    }

    /// `, by process 812 (nginx)`, or nothing where it cannot be known.
    private static func words(port: UInt16) -> String {
        let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listening(at: port, in: $0) }
        guard !sockets.isEmpty, let process = process(with: sockets) else { return "" }
        if process == String(getpid()) { return ", by another address of listen" }
        let name = contents("/proc/\(process)/comm").prefix { $0 != "\n" }
        return ", by process \(process)" + (name.isEmpty ? "" : " (\(name))")
    }

    /// The inodes of the sockets that listen there. A line is `SLOT LOCAL:PORT REMOTE:PORT STATE ... INODE ...`.
    private static func listening(at port: UInt16, in table: String) -> [String] {
        let digits = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: 4 - digits.count) + digits
        return contents(table).split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[1].hasSuffix(suffix), fields[3] == "0A" else { return nil }
            return "socket:[\(fields[9])]"
        }
    }

    private static func process(with sockets: [String]) -> String? {
        entries("/proc").first { process in
            process.utf8.allSatisfy { (0x30...0x39).contains($0) }
                && entries("/proc/\(process)/fd").contains { descriptor in
                    link("/proc/\(process)/fd/\(descriptor)").map(sockets.contains) == true
                }
        }
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func link(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBufferPointer { bytes in
            bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? -1
        }
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }

    /// What the kernel has at a path of /proc; empty if it may not be read.
    private static func contents(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 65_536)
        // A machine with very many connections is not read to the end.
        while result.count < 16 << 20 {
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { break }
            result += bytes.prefix(count)
        }
        return String(decoding: result, as: UTF8.self)
    }
}
