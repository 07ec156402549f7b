import RedisClient
import Synchronization

/// What a client told, in its order.
final class Notes: Sendable {
    struct Message: Equatable {
        let channel: RedisName
        let payload: String
    }

    private struct Contents {
        var notices: [RedisNotice] = []
        var states: [RedisState] = []
        var messages: [Message] = []
    }

    private let contents = Mutex(Contents())

    func add(_ notice: RedisNotice) { contents.withLock { $0.notices.append(notice) } }
    func add(_ state: RedisState) { contents.withLock { $0.states.append(state) } }
    func add(_ channel: RedisName, _ payload: [UInt8]) {
        let message = Message(channel: channel, payload: String(decoding: payload, as: UTF8.self))
        contents.withLock { $0.messages.append(message) }
    }

    var notices: [RedisNotice] { contents.withLock { $0.notices } }
    var states: [RedisState] { contents.withLock { $0.states } }
    var messages: [Message] { contents.withLock { $0.messages } }
}
