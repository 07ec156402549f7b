import ArgumentParser
import Glibc
import Testing

@testable import ticketlockd

@Suite("Configuration: reading real files")
struct ConfigurationFileReaderTests {
    /// Makes a folder, hands it over, and removes it with the files named.
    private func withFolder(_ files: [String], _ body: (String) throws -> Void) throws {
        var template = Array("/tmp/ticketlockd-XXXXXX".utf8CString)
        try #require(template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap(mkdtemp) } != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for file in files { unlink("\(folder)/\(file)") }
            rmdir(folder)
        }
        try body(folder)
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        try #require(Glibc.write(file, bytes, bytes.count) == bytes.count)
    }

    private func problem(_ path: String) -> String? {
        do throws(ConfigurationProblem) {
            _ = try ConfigurationFileReader.read(path)
            return nil
        } catch {
            return error.text
        }
    }

    @Test("A file of a mebibyte is read, one byte more is not")
    func size() throws {
        try withFolder(["a"]) { folder in
            var bytes = [UInt8](repeating: UInt8(ascii: "#"), count: ConfigurationFileReader.bytesMax)
            try write(bytes, to: "\(folder)/a")
            #expect(try ConfigurationFileReader.read("\(folder)/a") == bytes)
            bytes.append(UInt8(ascii: "#"))
            try write(bytes, to: "\(folder)/a")
            #expect(problem("\(folder)/a") == "cannot be read: it is longer than 1048576 bytes")
        }
    }

    @Test("What cannot be read says why")
    func unreadable() throws {
        try withFolder(["pipe", "loop"]) { folder in
            #expect(problem("\(folder)/no") == "cannot be read: No such file or directory")
            #expect(problem("") == "cannot be read: No such file or directory")
            #expect(problem(folder) == "cannot be read: it is a directory")
            try #require(mkfifo("\(folder)/pipe", 0o600) == 0)
            #expect(problem("\(folder)/pipe") == "cannot be read: it is not a regular file")
            try #require(symlink("loop", "\(folder)/loop") == 0)
            #expect(problem("\(folder)/loop") == "cannot be read: Too many levels of symbolic links")
            #expect(problem("\(folder)/loop/x") != nil)
        }
        #expect(problem("/dev/null") == nil)
    }

    @Test("A file without permission is refused", .enabled(if: geteuid() != 0, "root may read all"))
    func permission() throws {
        try withFolder(["a"]) { folder in
            try write([], to: "\(folder)/a")
            try #require(chmod("\(folder)/a", 0) == 0)
            #expect(problem("\(folder)/a") == "cannot be read: Permission denied")
        }
    }

    @Test("The file that --config names is read, and errors carry its path")
    func throughLoad() throws {
        try withFolder(["a.yaml"]) { folder in
            try write(Array("log:\n  level: loud\n".utf8), to: "\(folder)/a.yaml")
            let options = try DaemonOptions.parse(["--config", "\(folder)/a.yaml"])
            let error = #expect(throws: ConfigurationErrors.self) {
                try Configuration.load(options: options, environment: [:])
            }
            #expect(error?.description.hasSuffix("[\(folder)/a.yaml:2]") == true)
        }
        let options = try DaemonOptions.parse(["--config", "/no/such/file", "--log-level", "loud"])
        let error = #expect(throws: ConfigurationErrors.self) {
            try Configuration.load(options: options, environment: [:])
        }
        #expect(error?.errors.count == 2)
        #expect(
            error?.errors.first?.description
                == "\"/no/such/file\" cannot be read: No such file or directory [--config]")
    }
}
