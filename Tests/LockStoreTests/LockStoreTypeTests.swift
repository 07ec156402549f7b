import LockStore
import Testing

@Suite("store.type")
struct LockStoreTypeTests {
    @Test("The known types are found by their names")
    func known() throws {
        #expect(try LockStoreType(named: "memory") == .memory)
        for type in LockStoreType.allCases { #expect(try LockStoreType(named: type.rawValue) == type) }
    }

    @Test(
        "An unknown type is refused, with the name given and all that are known",
        arguments: ["", "Memory", "memory ", "in_memory", "rediss", "rasa.core.lock_store.RedisLockStore"])
    func unknown(name: String) throws {
        let error = try #require(throws: UnknownLockStoreType.self) { try LockStoreType(named: name) }
        #expect(error.name == name)
        #expect(error.description.contains("\"\(name)\""))
        for type in LockStoreType.allCases { #expect(error.description.contains(type.rawValue)) }
    }
}
