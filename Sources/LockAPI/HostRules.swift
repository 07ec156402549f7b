/// Which values of the Host header are answered.
///
/// A page from elsewhere can have its own name point to this machine (DNS rebinding), and then its requests look
/// like its own to the browser. But they carry that name. So Host must be something that no page elsewhere can be
/// called: an address, a name without a dot, this machine's name, or a name that the operator has allowed.
package struct HostRules: Sendable, Equatable {
    private var names: [[UInt8]] = []
    /// What the name must end with, a dot first; something must stand before it.
    private var suffixes: [[UInt8]] = []
    private var allowsAll = false

    /// - Parameters:
    ///   - allowed: `http.allowed_hosts`: names, `*.NAME` for all names below one, or `*` for all.
    ///   - machineName: as the system has it.
    package init(allowed: [String], machineName: String = "") {
        for host in allowed + [machineName] where !host.isEmpty {
            let bytes = host.utf8.map(Self.lowercased)
            if host == "*" {
                allowsAll = true
            } else if host.hasPrefix("*.") {
                suffixes.append(Array(bytes.dropFirst()))
            } else {
                names.append(bytes)
            }
        }
    }

    /// - Parameter host: HOST or HOST:PORT, as HTTP allows them.
    func allows(_ host: UnsafeBufferPointer<UInt8>) -> Bool {
        if allowsAll || host.first == UInt8(ascii: "[") { return true }
        var end = 0
        var hasDot = false
        var isNumeric = true
        while end < host.count, host[end] != UInt8(ascii: ":") {
            let byte = host[end]
            let isDot = byte == UInt8(ascii: ".")
            // The root's dot says nothing.
            if isDot, end + 1 < host.count, host[end + 1] != UInt8(ascii: ":") { hasDot = true }
            if !isDot, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { isNumeric = false }
            end += 1
        }
        return !hasDot || isNumeric || isNamed(host[..<end])
    }

    private func isNamed(_ name: UnsafeBufferPointer<UInt8>.SubSequence) -> Bool {
        var name = name.map(Self.lowercased)
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        return names.contains(name)
            || suffixes.contains { $0.count < name.count && name.suffix($0.count).elementsEqual($0) }
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
