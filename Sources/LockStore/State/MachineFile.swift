import CLMDB
import EventLoop
import Glibc

/// A file of the machine that is mapped into memory.
final class MachineFile: MappedFile {
    private let path: String
    private let descriptor: Int32
    let memory: UnsafeMutableRawBufferPointer

    init(_ path: String) throws(LockStateError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .system(errno, path, "open") }
        do throws(LockStateError) {
            memory = try Self.map(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        munmap(memory.baseAddress, memory.count)
        close(descriptor)
    }

    private static func map(
        _ descriptor: Int32, _ path: String
    ) throws(LockStateError) -> UnsafeMutableRawBufferPointer {
        let size = Int(clmdb_file_bytes(descriptor))
        guard size >= 0 else { throw .system(errno, path, "fstat") }
        guard size > 0 else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        guard let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            address != MAP_FAILED
        else { throw .system(errno, path, "mmap") }
        // See ``MachineDisk/createFile(_:_:)``.
        madvise(address, size, MADV_RANDOM)
        return UnsafeMutableRawBufferPointer(start: address, count: size)
    }

    /// A page at a time: see ``MachineDisk/createFile(_:_:)``.
    func rewrite(_ bytes: Range<Int>) -> Int32 {
        var page = [UInt8](repeating: 0, count: 4096)
        for offset in stride(from: bytes.lowerBound, to: bytes.upperBound, by: page.count) {
            let count = min(page.count, bytes.upperBound - offset)
            page.withUnsafeMutableBytes {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + count]))
            }
            let written = pwrite(descriptor, page, count, offset)
            guard written == count else { return written < 0 ? errno : EIO }
        }
        return 0
    }

    func sync() -> Int32 { fdatasync(descriptor) == 0 ? 0 : errno }

    /// The thread's descriptor is opened anew: of two that share one opening only one is told that the disk has failed.
    func makeSync(on loop: EventLoop, done: @escaping @Sendable (Int32) -> Void) -> (any BackgroundSync)? {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        return DiskSync(descriptor, on: loop, done: done)
    }
}
