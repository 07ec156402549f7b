import EventLoop
import HTTPServer
import LockAPI

/// The API, with what it has answered kept, to be compared with what arrives.
actor RecordingHandler: RequestHandler, LoopActor {
    /// What one request has been answered with.
    struct Answered {
        let status: UInt16
        let body: [UInt8]
        let isHead: Bool
    }

    nonisolated let loop: EventLoop
    private let api: LockAPI
    /// Those that have not been seen to arrive.
    var answers: [Answered] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, api: LockAPI) {
        self.loop = loop
        self.api = api
    }

    func respond(to request: Request) async -> Response {
        let isHead = request.isMethod("HEAD")
        let response = await api.respond(to: request)
        answers.append(Answered(status: response.status, body: response.body, isHead: isHead))
        return response
    }

    nonisolated func body(for refusal: HTTPRefusal) -> [UInt8] { api.body(for: refusal) }

    /// Takes the answer that has arrived out of those that have been given: its head, and all that lies behind it.
    /// How many bytes its body has there; nil if no such answer has been given.
    func take(_ head: HTTPAnswer, _ rest: ArraySlice<UInt8>) -> Int? {
        let place = answers.firstIndex { answer in
            answer.status == head.status && answer.body.count == head.contentLength
                && (answer.isHead || rest.starts(with: answer.body))
        }
        return place.map { answers.remove(at: $0).isHead ? 0 : head.contentLength }
    }
}
