import Foundation
import RedisLockStore

/// What the stores of a test have had to say.
///
/// `@unchecked Sendable`: the list is guarded by `lock`.
final class Notices: @unchecked Sendable {
    private let lock = NSLock()
    private var notices: [RedisLockStoreNotice] = []

    var all: [RedisLockStoreNotice] { lock.withLock { notices } }

    func add(_ notice: RedisLockStoreNotice) { lock.withLock { notices.append(notice) } }
}
