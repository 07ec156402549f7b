/// What every lock store does, by area. A store's tests run each of the areas with its own harness, as
/// `InMemoryLockStoreConformanceTests` does.
package enum LockStoreConformance {}
