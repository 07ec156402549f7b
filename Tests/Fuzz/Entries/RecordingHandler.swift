import EventLoop
import LockAPI

@testable import HTTPServer

/// The API, with what it has answered kept, to be compared with what arrives.
///
/// `@unchecked Sendable`: used on the loop's thread only.
final class RecordingHandler: RequestHandler, @unchecked Sendable {
    /// What one request has been answered with.
    struct Answered {
        let status: UInt16
        let body: [UInt8]
        let isHead: Bool
    }

    private let api: LockAPI
    /// The requests under way that want no body.
    private var heads: Set<OpaquePointer> = []
    /// Those that have not been seen to arrive.
    private(set) var answers: [Answered] = []

    init(api: LockAPI) {
        self.api = api
    }

    func record(_ request: Request, _ response: Response) {
        let isHead = heads.remove(request.handle) != nil
        answers.append(Answered(status: response.status, body: response.body, isHead: isHead))
    }

    func received(_ request: Request) {
        if request.isMethod("HEAD") { heads.insert(request.handle) } else { heads.remove(request.handle) }
        api.received(request)
    }

    func callerHungUp(on exchange: AnyObject) { api.callerHungUp(on: exchange) }

    func answerWasLost(_ exchange: AnyObject) { api.answerWasLost(exchange) }

    func body(for refusal: HTTPRefusal) -> [UInt8] { api.body(for: refusal) }

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
