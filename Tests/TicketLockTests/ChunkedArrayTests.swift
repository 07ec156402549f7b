import Testing

@testable import TicketLock

@Suite("Memory")
struct ChunkedArrayTests {
    @Test(
        "An array in chunks holds what was appended and changed",
        arguments: [0, 1, 1_023, 1_024, 1_025, 5_000])
    func elements(count: Int) {
        var array = ChunkedArray<Int>()
        for number in 0..<count {
            array.append(number)
            #expect(array.count == number + 1)
        }
        for index in stride(from: 0, to: count, by: 3) { array[index] *= 2 }
        for index in 0..<count { #expect(array[index] == (index.isMultiple(of: 3) ? 2 * index : index)) }
    }

    @Test("A copy is a value of its own", arguments: [1, 1_024, 3_000])
    func copies(count: Int) {
        var array = ChunkedArray<Int>()
        for number in 0..<count { array.append(number) }
        let copy = array
        array[count - 1] = -1
        array.append(7)
        #expect(copy.count == count && copy[count - 1] == count - 1)
        #expect(array.count == count + 1 && array[count - 1] == -1)
    }

    @Test("A lock with one ticket takes 80 bytes, and nothing beside its slot")
    func slot() {
        #expect(MemoryLayout<LockTable.Slot>.stride == 80)
    }
}
