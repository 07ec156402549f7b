/// The lock stores that `store.type` can name.
enum StoreType: String, Sendable, CaseIterable {
    case memory
}
