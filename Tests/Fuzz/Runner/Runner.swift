import Glibc

/// The target that `TICKETLOCKD_FUZZ_TARGET` names.
private let target: FuzzTarget = {
    let name = getenv("TICKETLOCKD_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    if let target = FuzzTarget.all.first(where: { $0.name == name }) { return target }
    say("TICKETLOCKD_FUZZ_TARGET: \(name) is none of \(FuzzTarget.all.map(\.name))")
    exit(64)
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    do {
        try target.run(UnsafeRawBufferPointer(start: bytes, count: count))
    } catch {
        say("FINDING in \(target.name): \(error)")
        abort()
    }
    return 0
}

private func say(_ text: String) {
    let line = text + "\n"
    write(STDERR_FILENO, line, line.utf8.count)
}
