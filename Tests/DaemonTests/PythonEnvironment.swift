import Foundation
import Support
import Testing

/// The Python that has the parsers and checkers of other projects; `make test` prepares it.
let pythonEnvironment = BuiltProducts.python.path

/// Whether it is there; `swift test` alone does without what needs it.
let hasPythonEnvironment = FileManager.default.isExecutableFile(atPath: pythonEnvironment)
let pythonIsMissing: Comment = "needs the Python environment of the tests: make venv"
