/// A file as the kernel holds it, and as the disk does.
final class SimulatedInode {
    static let pageBytes = 4096
    private static let sectorBytes = 512

    /// What processes see and map.
    private(set) var cache: SimulatedPages
    /// What the kernel takes to be on the disk: it writes what differs.
    private let clean: SimulatedPages
    /// What the disk has.
    private let disk: SimulatedPages
    /// Pages that are to be written though nothing in them has changed.
    private var dirty: Set<Int> = []
    /// Bytes that the disk knows the file to have.
    private var durableByteCount = 0

    init(byteCount: Int) {
        cache = SimulatedPages(byteCount)
        clean = SimulatedPages(byteCount)
        disk = SimulatedPages(byteCount)
    }

    func markDirty(_ bytes: Range<Int>) {
        guard !bytes.isEmpty else { return }
        dirty.formUnion(bytes.lowerBound / Self.pageBytes...(bytes.upperBound - 1) / Self.pageBytes)
    }

    private func range(_ page: Int) -> Range<Int> {
        page * Self.pageBytes..<min(cache.byteCount, (page + 1) * Self.pageBytes)
    }

    private var dirtyPages: [Int] {
        (0..<(cache.byteCount + Self.pageBytes - 1) / Self.pageBytes).filter { page in
            dirty.contains(page) || !cache.isSame(as: clean, range(page))
        }
    }

    /// The kernel writes; of what fails it knows no more than that it has failed.
    func sync(isFailing: Bool, _ random: SimulatedRandom) {
        for page in dirtyPages {
            clean.copy(cache, range(page))
            if !isFailing || random.chance(0.5) { disk.copy(cache, range(page)) }
        }
        dirty = []
        if !isFailing { durableByteCount = cache.byteCount }
    }

    /// The kernel writes some of it by itself.
    func writeBack(_ random: SimulatedRandom) {
        for page in dirtyPages where random.chance(0.5) {
            clean.copy(cache, range(page))
            disk.copy(cache, range(page))
            dirty.remove(page)
        }
    }

    /// The process that has it mapped is dead: what it still writes there is nobody's.
    func detach() {
        let new = SimulatedPages(cache.byteCount)
        new.copy(cache, 0..<cache.byteCount)
        cache = new
    }

    /// The machine dies. Of what was to be written the disk has any part, and perhaps one page that it was just
    /// writing is neither old nor new.
    ///
    /// - Returns: false when the disk knows of no such file.
    @discardableResult
    func losePower(_ random: SimulatedRandom) -> Bool {
        detach()
        let share = random.pick([0, 0.5, 0.5, 1])
        var torn = random.chance(0.3) ? 1 : 0
        for page in dirtyPages {
            let bytes = range(page)
            if torn > 0, random.chance(0.3) {
                torn -= 1
                disk.garble(bytes, random)
                continue
            }
            for start in stride(from: bytes.lowerBound, to: bytes.upperBound, by: Self.sectorBytes)
            where random.chance(share) {
                disk.copy(cache, start..<min(start + Self.sectorBytes, bytes.upperBound))
            }
        }
        dirty = []
        cache.copy(disk, 0..<cache.byteCount)
        clean.copy(disk, 0..<cache.byteCount)
        return durableByteCount == cache.byteCount
    }

    /// The kernel lets go of what it takes to be on the disk.
    func dropCache() {
        let kept = Set(dirtyPages)
        for page in 0..<(cache.byteCount + Self.pageBytes - 1) / Self.pageBytes where !kept.contains(page) {
            cache.copy(disk, range(page))
            clean.copy(disk, range(page))
        }
    }
}
