@testable import ticketlockd

/// The configuration's file: it is taken whole, or each error names its line; and what is taken reads back the same
/// as it is printed.
enum YAMLTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws {
        guard let loaded = try load(Array(input)) else { return }
        let printed = loaded.yaml
        guard let again = try load(Array(printed.utf8)), again.configuration == loaded.configuration else {
            throw Finding("what is printed does not read back the same:\n\(printed)")
        }
    }

    /// nil: there are errors.
    private static func load(_ bytes: [UInt8]) throws -> LoadedConfiguration? {
        let file = ConfigurationFile(path: "fuzz.yaml", bytes: bytes)
        // Lines end with one of these, or with a character whose last byte is one of them.
        let lines = 1...bytes.count { [0x0a, 0x0d, 0x85, 0xa8, 0xa9].contains($0) } + 2
        var loader = ConfigurationLoader()
        loader.add(file.errors)
        loader.add(file.entries)
        loader.checkRules()
        for error in loader.errors {
            let text = error.description
            try Finding.unless(
                !text.unicodeScalars.contains { $0.properties.generalCategory == .control },
                "an error of more than a line: \(text.debugDescription)")
            if case .file(_, let line?) = error.source {
                try Finding.unless(lines.contains(line), "an error in line \(line)")
            }
        }
        if file.errors.contains(where: { $0.code == .invalidYAML }) {
            try Finding.unless(file.entries.isEmpty, "values of a file that is no YAML")
        }
        guard loader.errors.isEmpty else { return nil }
        return LoadedConfiguration(configuration: loader.configuration, sources: loader.sources)
    }
}
