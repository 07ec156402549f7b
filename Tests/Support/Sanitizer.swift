import Foundation

/// The sanitizer that `make test-sanitizers` built the tests with.
package enum Sanitizer {
    /// `thread` or `address`; nil in an ordinary build.
    package static let name = ProcessInfo.processInfo.environment["SANITIZER"]

    /// `count`, or `reduced` where a sanitizer makes everything some ten times slower.
    package static func scaled(_ count: Int, reduced: Int) -> Int { name == nil ? count : reduced }
}
