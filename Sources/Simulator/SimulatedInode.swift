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

    /// The machine dies. Of what was to be written the disk has any sectors, and of one that it was just writing some
    /// bytes.
    ///
    /// - Parameter tearsPages: a page that it was just writing is lost altogether.
    func losePower(tearsPages: Bool, _ random: SimulatedRandom) {
        detach()
        let share = random.pick([0, 0.5, 0.5, 1])
        var torn = random.chance(0.3) ? 1 : 0
        for page in dirtyPages {
            let bytes = range(page)
            if torn > 0, tearsPages, random.chance(0.3) {
                torn -= 1
                disk.garble(bytes, random)
                continue
            }
            for start in stride(from: bytes.lowerBound, to: bytes.upperBound, by: Self.sectorBytes) {
                let sector = start..<min(start + Self.sectorBytes, bytes.upperBound)
                if torn > 0, random.chance(0.1) {
                    torn -= 1
                    for byte in sector where random.chance(0.5) { disk.copy(cache, byte..<byte + 1) }
                } else if random.chance(share) {
                    disk.copy(cache, sector)
                }
            }
        }
        dirty = []
        cache.copy(disk, 0..<cache.byteCount)
        clean.copy(disk, 0..<cache.byteCount)
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
