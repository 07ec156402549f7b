/// Takes back what an answer says whose caller has not got it. To be subclassed: one object where a closure in
/// an object would be two, for every ticket that is given out.
///
/// `@unchecked Sendable`: it has no state, and its subclasses none that changes.
open class Undelivered: @unchecked Sendable {
    public init() {}

    /// Called at most once, on the loop's thread.
    open func takeBack() {}
}
