import Glibc

/// What the metrics tell of the process itself; nil is what cannot be found out.
package struct ProcessInformation {
    var cpuSeconds: Double?
    var residentBytes: Int?
    var startTime: Double
    var openDescriptors: Int?
    var maxDescriptors: Int?
    var threads: Int?

    /// Opens the files that all this is read from, once, since later no descriptor may be left for them.
    package static func openFiles() { _ = ProcessFiles.shared }

    /// - Parameter startTime: seconds since 1970; /proc/stat, which it could be reckoned from, may be hidden.
    init(startTime: Double) {
        self.startTime = startTime
        var usage = rusage()
        if getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
            cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            maxDescriptors = Int(clamping: limit.rlim_cur)
        }
        let files = ProcessFiles.shared
        residentBytes = files.residentPages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
        openDescriptors = files.descriptors.count
        threads = files.threads.count
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}

/// What /proc has about this process. It is the kernel's memory, not a disk's: reading it does not block the loop.
///
/// `@unchecked Sendable`: read on the loop's thread only.
private final class ProcessFiles: @unchecked Sendable {
    static let shared = ProcessFiles()

    let descriptors = Directory("/proc/self/fd")
    let threads = Directory("/proc/self/task")
    private let memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)

    var residentPages: Int? {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = pread(memory, &bytes, bytes.count, 0)
        let fields = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? Int(fields[1]) : nil
    }

    /// A directory that stays open.
    struct Directory {
        private let stream: OpaquePointer?

        init(_ path: String) { stream = opendir(path) }

        /// The entries but `.` and `..`; nil if there is no such directory.
        var count: Int? {
            guard let stream else { return nil }
            rewinddir(stream)
            var count = 0
            while readdir(stream) != nil { count += 1 }
            return count > 2 ? count - 2 : nil
        }
    }
}

/// What runs.
package struct BuildInformation: Sendable {
    package let version: String
    package let libmicrohttpd: String

    package init(version: String, libmicrohttpd: String) {
        self.version = version
        self.libmicrohttpd = libmicrohttpd
    }
}
