package import Foundation

/// Where the tests find what was built and what the package holds.
package enum BuiltProducts {
    /// The package's top folder.
    package static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent()  // Support
        .deletingLastPathComponent()  // Tests
        .deletingLastPathComponent()

    /// The Python of the virtual environment that `make test` prepares.
    package static let python = packageRoot.appending(path: ".build/venv/bin/python3")

    /// The built executable `name`. It stands beside the running test bundle, so that a sanitizer's build tests
    /// its own daemon.
    package static func url(_ name: String) -> URL {
        Bundle.main.bundleURL.appending(path: name)
    }
}
