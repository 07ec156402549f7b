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

    /// - Parameter host: NAME or NAME:PORT, the name with a dot in it.
    func allows(_ host: UnsafeBufferPointer<UInt8>) -> Bool {
        var name = host.prefix { $0 != UInt8(ascii: ":") }.map(Self.lowercased)
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        // Only the root's dot was in it.
        return allowsAll || !name.contains(UInt8(ascii: ".")) || names.contains(name)
            || suffixes.contains { $0.count < name.count && name.suffix($0.count).elementsEqual($0) }
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
