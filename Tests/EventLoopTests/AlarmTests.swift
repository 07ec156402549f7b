import EventLoop
import Support
import Testing

@Suite("Event loop: alarms", .timeLimit(.minutes(5)))
struct AlarmTests {
    private static let hour: Int64 = 3_600_000_000_000
    private static let millisecond: Int64 = 1_000_000

    /// An alarm, and when it went off.
    private final class Fixture: @unchecked Sendable {
        // Used on the loop's thread only.
        let loop: EventLoop
        var alarm: Alarm?
        var times: [Int64] = []

        init(_ loop: EventLoop) { self.loop = loop }

        func make() throws {
            alarm = try Alarm(on: loop) { [unowned self] in
                loop.checkIsolated()
                times.append(Alarm.now)
            }
        }
    }

    private func withAlarm(_ body: (EventLoop, Fixture) async throws -> Void) async throws {
        try await LoopThread.with { thread in
            let fixture = Fixture(thread.loop)
            try await thread.run { try fixture.make() }
            try await body(thread.loop, fixture)
            try await thread.run { fixture.alarm?.stop() }
        }
    }

    @Test("An alarm goes off once, at its moment and not before, and is then not set")
    func once() async throws {
        try await withAlarm { loop, fixture in
            let due = Alarm.now + 5 * Self.millisecond
            try await loop.run {
                fixture.alarm?.set(due)
                #expect(fixture.alarm?.due == due)
            }
            try await loop.until("it goes off") { !fixture.times.isEmpty }
            #expect(try await loop.run { fixture.alarm?.due } == nil)
            try await loop.someTurns()
            let times = try await loop.run { fixture.times }
            #expect(times.count == 1)
            #expect(try #require(times.first) >= due)
        }
    }

    @Test("A moment that has passed goes off at once", arguments: [Int64.min, -1, 0, 1, 1_000_000_000])
    func past(moment: Int64) async throws {
        try await withAlarm { loop, fixture in
            try await loop.run { fixture.alarm?.set(moment) }
            try await loop.until("it goes off") { fixture.times.count == 1 }
        }
    }

    @Test("Setting it earlier makes it go off earlier")
    func earlier() async throws {
        try await withAlarm { loop, fixture in
            try await loop.run {
                fixture.alarm?.set(Alarm.now + Self.hour)
                fixture.alarm?.set(Alarm.now + Self.millisecond)
            }
            try await loop.until("it goes off") { fixture.times.count == 1 }
        }
    }

    @Test("Setting it later, or to never, keeps it from going off", arguments: [Self.hour, nil])
    func later(span: Int64?) async throws {
        try await withAlarm { loop, fixture in
            let other = Fixture(loop)
            try await loop.run {
                try other.make()
                let now = Alarm.now
                fixture.alarm?.set(now + 2 * Self.millisecond)
                other.alarm?.set(now + 10 * Self.millisecond)
                fixture.alarm?.set(span.map { now + $0 })
            }
            try await loop.until("the other one goes off") { other.times.count == 1 }
            #expect(try await loop.run { fixture.times } == [])
            try await loop.run { other.alarm?.stop() }
        }
    }

    @Test("Set anew after it was due and before it was heard, it goes off only at the new moment")
    func resetWhenDue() async throws {
        try await withAlarm { loop, fixture in
            // Both are ready in one turn, the pipe first, and its watch sets the alarm anew.
            let pipe = try Pipe()
            let watch = try await loop.run {
                OnLoop(
                    try Watch(pipe.readEnd, on: loop) {
                        pipe.readByte()
                        fixture.alarm?.set(Alarm.now + Self.hour)
                    })
            }
            try await loop.someTurns()
            try await loop.run {
                pipe.writeByte()
                let due = Alarm.now + 100_000
                fixture.alarm?.set(due)
                while Alarm.now <= due + 100_000 {}
            }
            try await loop.someTurns()
            #expect(try await loop.run { fixture.times } == [])
            try await loop.run { watch.value.stop() }
        }
    }

    @Test("It may be set again by what it calls")
    func again() async throws {
        try await LoopThread.with { thread in
            let loop = thread.loop
            let alarm = OnLoop<Alarm?>(nil)
            let count = OnLoop(0)
            try await loop.run {
                alarm.value = try Alarm(on: loop) {
                    count.value += 1
                    if count.value < 5 { alarm.value?.set(Alarm.now + 1_000) }
                }
                alarm.value?.set(0)
            }
            try await loop.until("five times") { count.value == 5 }
            try await loop.run { alarm.value?.stop() }
        }
    }

    @Test("Once stopped it goes off no more, and setting it does not touch who has its descriptor now")
    func stopped() async throws {
        try await withAlarm { loop, fixture in
            let other = Fixture(loop)
            try await loop.run {
                let now = Alarm.now
                fixture.alarm?.set(now + Self.millisecond)
                fixture.alarm?.stop()
                fixture.alarm?.stop()
                // Descriptors are given out lowest first, so this one most likely gets the same.
                try other.make()
                other.alarm?.set(now + 5 * Self.millisecond)
                fixture.alarm?.set(now + Self.hour)
            }
            try await loop.until("the other one goes off") { other.times.count == 1 }
            #expect(try await loop.run { fixture.times } == [])
            #expect(try await loop.run { fixture.alarm?.due } == nil)
            try await loop.run { other.alarm?.stop() }
        }
    }
}
