import LockStore
import Logging
import TicketLock

/// The locks of the store in memory as they were on disk at the start. Not to be copied: a table that two have is
/// copied when the first of them changes it, part by part, and is there twice from then on.
struct StoredLocks: ~Copyable {
    let state: LockState
    private let table: LockTable

    /// Nil when the configuration asks for none. Reads files, so before the loop runs.
    init?(_ configuration: Configuration, isDiscarding: Bool, _ logger: Logger) throws(LockStateError) {
        guard configuration.store.type == .memory, let directory = configuration.store.stateDirectory else {
            return nil
        }
        let options = LockState.Options(
            directory: directory, durability: configuration.store.durability, isDiscarding: isDiscarding,
            limits: configuration.locks)
        let clock = try MachineClock.system()
        let start = clock.now()
        (state, table) = try LockState.open(options, clock: clock)
        log(logger, directory, took: clock.now() - start, grantsIn: state.grantsFrom.map { $0 - clock.now() })
    }

    /// Hands the locks over.
    consuming func take() -> (state: LockState, table: LockTable) { (state, table) }

    private func log(_ logger: Logger, _ directory: String, took: Duration, grantsIn: Duration?) {
        var metadata: Logger.Metadata = ["directory": "\(directory)"]
        switch state.origin {
        case .new: logger.notice("the state on disk is new", metadata: metadata)
        case .restored:
            metadata["locks"] = "\(table.lockCount)"
            metadata["tickets"] = "\(table.ticketCount)"
            metadata["duration"] = "\(took)"
            logger.notice("locks restored", metadata: metadata)
        case .discarded:
            logger.warning("the state on disk is discarded; it lies there as *.old", metadata: metadata)
        case .incomplete:
            logger.error(
                "the machine has died, and the state on disk may be incomplete; it lies there as *.old",
                metadata: metadata)
        }
        guard let grantsIn, grantsIn > .zero else { return }
        logger.error(
            "no tickets are given out while some that are lost may be alive; --discard-state forgets them",
            metadata: ["for": "\(grantsIn)"])
    }
}
