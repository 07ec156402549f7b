/// The header and its copies.
extension ChangeLog {
    /// The latest header of a file, and at which of its copies' places it stands, with the oldest one's.
    static func latestHeader(
        _ memory: UnsafeRawBufferPointer, _ path: String
    ) throws(LockStateError) -> (header: StateHeader, format: UInt32, oldest: Int) {
        for format in [StateHeader.format, 1] {
            var found: [(header: StateHeader, index: Int)] = []
            let places = Layout.of(format: format).headers
            for (index, place) in places.enumerated() where place < memory.count {
                switch StateHeader.read(UnsafeRawBufferPointer(rebasing: memory[place...])) {
                case .header(let header, format: format): found.append((header, index))
                case .newerFormat(let newer):
                    throw LockStateError(
                        .newerFormat, path,
                        "has format \(newer), which is newer than this version's \(StateHeader.format); start the "
                            + "version that wrote it, or start once with --discard-state, which forgets all tickets"
                    )
                case .header, .none: continue
                }
            }
            guard let latest = found.max(by: { $0.header.generation < $1.header.generation }) else {
                continue
            }
            let lost = places.indices.first { index in !found.contains { $0.index == index } }
            let oldest = found.min { $0.header.generation < $1.header.generation }
            return (latest.header, format, lost ?? oldest?.index ?? 0)
        }
        throw .corrupt(path, "does not begin as it was written")
    }

    /// Puts a header in place of the oldest copy. It is safe once a sync has ended that began after this.
    mutating func putHeader(_ new: StateHeader) {
        var new = new
        new.generation = header.generation + 1
        put(new.bytes, at: layout.headers[headerIndex])
        header = new
        isHeaderSafe = false
    }

    /// The disk has taken what there was while the header had that generation.
    mutating func headerIsTaken(generation: UInt64) {
        guard !isHeaderSafe, generation == header.generation else { return }
        isHeaderSafe = true
        // Until then the place stays the same: the others have the last one that the disk is known to have.
        headerIndex = (headerIndex + 1) % layout.headers.count
    }
}
