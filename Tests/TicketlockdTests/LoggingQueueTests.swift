import Logging
import Synchronization
import Testing

@testable import ticketlockd

@Suite("Logging: the queue and the handler")
struct LoggingQueueTests {
    /// Long enough for any machine; nothing waits for it unless something is broken.
    private let patience: Duration = .seconds(60)

    @Test("Lines come out in their order, and flush waits for the last")
    func order() throws {
        let output = RecordingOutput()
        let queue = try LogQueue(output: output.write) { "dropped \($0)\n" }
        defer { queue.close() }
        for number in 0..<10_000 { queue.enqueue("\(number)\n") }
        #expect(queue.flush(timeout: patience))
        #expect(output.written == (0..<10_000).map { "\($0)\n" }.joined())
    }

    @Test("A full queue drops and counts lines instead of waiting, and says so in their place")
    func full() throws {
        let output = RecordingOutput(heldUp: true)
        let queue = try LogQueue(bytesMax: 10, output: output.write) { "dropped \($0)\n" }
        defer { queue.close() }
        queue.enqueue("first\n")
        output.waitForWriter()
        queue.enqueue("12345678\n")
        queue.enqueue("lost\n")
        // Would fit, but would then stand before the line that tells of the one lost before it.
        queue.enqueue("\n")
        #expect(!queue.flush(timeout: .milliseconds(1)))
        output.release(2)
        #expect(queue.flush(timeout: patience))
        #expect(output.written == "first\n12345678\ndropped 2\n")
        output.release(1)
        queue.enqueue("last\n")
        #expect(queue.flush(timeout: patience))
        #expect(output.written.hasSuffix("dropped 2\nlast\n"))
    }

    @Test("A line longer than the queue is dropped and told, with nothing else waiting")
    func tooLong() throws {
        let output = RecordingOutput()
        let queue = try LogQueue(bytesMax: 4, output: output.write) { "dropped \($0)\n" }
        defer { queue.close() }
        queue.enqueue("1234\n")
        #expect(queue.flush(timeout: patience))
        #expect(output.written == "dropped 1\n")
        queue.enqueue("123\n")
        #expect(queue.flush(timeout: patience))
        #expect(output.written == "dropped 1\n123\n")
    }

    @Test("After close what was there is still written, and nothing more is taken")
    func close() throws {
        let output = RecordingOutput(heldUp: true)
        let queue = try LogQueue(output: output.write) { "dropped \($0)\n" }
        queue.enqueue("a\n")
        output.waitForWriter()
        queue.enqueue("b\n")
        queue.close()
        queue.enqueue("c\n")
        output.release(2)
        #expect(queue.flush(timeout: patience))
        #expect(output.written == "a\nb\n")
    }

    @Test("Many threads' lines all come out whole")
    func threads() async throws {
        let output = RecordingOutput()
        let queue = try LogQueue(output: output.write) { "dropped \($0)\n" }
        defer { queue.close() }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for number in 0..<500 { queue.enqueue("\(task) \(number)\n") } }
            }
        }
        #expect(queue.flush(timeout: patience))
        let lines = output.written.split(separator: "\n").map(String.init)
        for task in 0..<8 {
            #expect(lines.filter { $0.hasPrefix("\(task) ") } == (0..<500).map { "\(task) \($0)" })
        }
    }

    private func makeLog(_ output: RecordingOutput, level: Logger.Level = .info) throws -> DaemonLog {
        try DaemonLog(level: level, style: .journal, clock: { fixedTime }, output: output.write)
    }

    @Test("The level changes for all loggers at run time, and a disabled line is not even made")
    func level() throws {
        let output = RecordingOutput()
        let log = try makeLog(output)
        defer { log.close() }
        let logger = log.logger("test")
        var loud = logger
        loud.logLevel = .trace
        let made = Mutex(0)
        func message(_ text: String) -> Logger.Message {
            made.withLock { $0 += 1 }
            return "\(text)"
        }
        logger.debug(message("one"))
        #expect(made.withLock { $0 } == 0)
        logger.info(message("two"))
        log.level = .debug
        #expect(log.level == .debug)
        logger.debug(message("three"))
        log.level = .critical
        logger.error(message("four"))
        loud.trace(message("five"))
        #expect(log.flush(timeout: patience))
        #expect(output.written == "<6>two\n<7>three\n<7>five\n")
    }

    @Test("Every level can be set and is read back", arguments: Logger.Level.allCases)
    func levels(level: Logger.Level) {
        let levels = LogLevelSwitch(.info)
        levels.level = level
        #expect(levels.level == level)
    }

    @Test("Metadata nearer to the call wins, and an error is metadata")
    func metadata() throws {
        let output = RecordingOutput()
        let log = try makeLog(output)
        defer { log.close() }
        var logger = log.logger("test")
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        #expect(logger[metadataKey: "a"] == "logger")
        logger.info("m", metadata: ["b": "call"])
        logger.error("m", error: LogThreadError(code: 11))
        #expect(log.flush(timeout: patience))
        #expect(
            output.written == "<6>m a=logger b=call\n<3>m a=logger b=logger "
                + "error=\"the thread that writes log lines could not be started: error 11\"\n")
    }

    @Test("The line about lost lines is a warning with their number")
    func droppedLine() throws {
        let output = RecordingOutput()
        let log = try DaemonLog(
            level: .info, style: .journal, bytesMax: 8, clock: { fixedTime }, output: output.write)
        defer { log.close() }
        log.logger("test").info("too long for eight bytes")
        #expect(log.flush(timeout: patience))
        #expect(output.written == "<4>log lines dropped count=1\n")
    }
}
