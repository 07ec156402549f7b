import Glibc

/// What the metrics tell of the process itself.
struct ProcessInformation {
    var cpuSeconds = 0.0
    var residentBytes = 0
    var startTime: Double
    var openDescriptors = 0
    var maxDescriptors = 0
    var threads = 0

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
        // These are the kernel's memory, not a disk's: reading them does not block the loop.
        let fields = Self.contents("/proc/self/statm").split(separator: " ")
        if fields.count > 1, let pages = Int(fields[1]) {
            residentBytes = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
        openDescriptors = Self.entries("/proc/self/fd")
        threads = Self.entries("/proc/self/task")
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    private static func contents(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// The entries of a directory but `.` and `..`.
    private static func entries(_ path: String) -> Int {
        guard let directory = opendir(path) else { return 0 }
        defer { closedir(directory) }
        var count = -2
        while readdir(directory) != nil { count += 1 }
        return max(0, count)
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
