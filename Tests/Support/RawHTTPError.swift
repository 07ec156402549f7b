import Glibc

/// What a ``RawHTTPClient`` met that no correct server does, or an error of its socket.
package struct RawHTTPError: Error, CustomStringConvertible {
    /// The system's number of the error; 0 for what is not the system's.
    package let number: Int32
    package let description: String

    init(_ description: String) {
        number = 0
        self.description = description
    }

    init(_ call: String, _ number: Int32) {
        self.number = number
        description = "\(call): \(String(cString: strerror(number)))"
    }
}
