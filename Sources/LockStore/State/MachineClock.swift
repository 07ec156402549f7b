import Glibc
package import TicketLock

/// The clocks of the machine, for moments that shall mean something after the process's end.
package struct MachineClock: Sendable {
    /// Another one each time the machine boots.
    package var bootID: UInt128
    /// The clock that lifetimes are measured by, which begins at each boot.
    package var now: @Sendable () -> Instant
    /// Nanoseconds since 1970.
    package var wallTime: @Sendable () -> Int64

    package init(
        bootID: UInt128, now: @escaping @Sendable () -> Instant, wallTime: @escaping @Sendable () -> Int64
    ) {
        self.bootID = bootID
        self.now = now
        self.wallTime = wallTime
    }

    /// Microseconds since 1970: above all tokens of the time before, since no process gives out a million a second
    /// for long, unless the wall clock went back. One that is centuries ahead leaves half of all tokens to give out.
    var token: FencingToken { UInt64(min(max(0, wallTime() / 1000), 1 << 52)) }

    var wallOffset: Int64 { wallTime() - now().nanoseconds }

    /// The real one. Reads a file, so not on the loop.
    package static func system() throws(LockStateError) -> MachineClock {
        MachineClock(
            bootID: try readBootID("/proc/sys/kernel/random/boot_id"),
            now: { Instant(nanoseconds: nanoseconds(CLOCK_BOOTTIME)) },
            wallTime: { nanoseconds(CLOCK_REALTIME) })
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static func readBootID(_ path: String) throws(LockStateError) -> UInt128 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        let digits = String(decoding: bytes[..<max(0, count)], as: UTF8.self).filter(\.isHexDigit)
        guard let number = UInt128(digits, radix: 16), digits.utf8.count == 32 else {
            throw LockStateError(
                .unusable, path,
                "has no boot ID to be read, without which store.state_directory is of no use: let the daemon see "
                    + "/proc, or set no directory")
        }
        return number
    }
}
