extension ChangeLog {
    /// Where what lies in the file. No two things that are written at different times share a page, since a disk that
    /// loses power in the midst of one loses all of it.
    struct Layout {
        /// Of copies of the header: of three, two are left when the one that is being written is lost, and of these the
        /// later may be one that the disk has not taken.
        let headers: [Int]
        /// Where the last entry's number stands once more.
        let lastNumber: Int
        /// Bytes that the database's file has had at least.
        let databaseBytes: Int
        /// Of the first entry.
        let start: Int

        /// Of format 1: both copies of the header, and all that stands before the entries, in one page.
        static let first = Layout(headers: [0, 512], lastNumber: 2048, databaseBytes: 2056, start: 4096)
        static let present = Layout(
            headers: [0, 4096, 8192], lastNumber: 12_288, databaseBytes: 12_296, start: 16_384)

        static func of(format: UInt32) -> Layout { format == 1 ? first : present }
    }
}
