package import EventLoop

/// A file that is mapped into memory: what is put there is the kernel's to keep.
package protocol MappedFile: AnyObject {
    /// All of the file.
    var memory: UnsafeMutableRawBufferPointer { get }
    /// Waits until all there is lies on the disk; 0, or what went wrong. After that the disk may lack what it did not
    /// take, though the next sync finds nothing to do.
    func sync() -> Int32
    /// Lets the next sync write these bytes, whether or not the kernel takes the disk to have them; 0, or what went
    /// wrong.
    func rewrite(_ bytes: Range<Int>) -> Int32
    /// What syncs the file while the loop goes on; nil when it is not to be had.
    ///
    /// - Parameter done: called on the loop's thread after each sync, with 0 or what went wrong.
    func makeSync(on loop: EventLoop, done: @escaping @Sendable (Int32) -> Void) -> (any BackgroundSync)?
}

/// Syncs a file, one sync at a time, without the caller waiting for it.
package protocol BackgroundSync: AnyObject, Sendable {
    /// Begins to sync what was written up to now. Not before the one before has ended.
    func begin()
}
