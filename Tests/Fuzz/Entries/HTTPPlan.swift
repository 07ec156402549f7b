/// What callers do, read from an input: bytes that they send, and between them what control characters stand for. The
/// seeds are requests as they are written, so that a person can read them.
struct HTTPPlan {
    enum Step: Equatable {
        /// The caller sends; then so many turns pass, or as many as it takes until nothing more happens.
        case send([UInt8])
        /// 0x1e: the daemon does all that it has to do.
        case settle
        /// 0x1d: one turn.
        case turn
        /// 0x1c: 20 seconds pass, on the clock of the locks.
        case advance
        /// 0x1f: the caller will send no more.
        case finishSending
        /// 0x04: the caller goes away. Should it come back, it connects anew.
        case hangUp
        /// 0x17: the next of three callers goes on.
        case nextCaller
    }

    private(set) var steps: [Step] = []
    private var piece: [UInt8] = []

    /// 0x10 takes what follows for itself; 0x16 begins, and ends, sending single bytes, with a turn after each.
    init(_ input: UnsafeRawBufferPointer) {
        var isSingle = false
        var rest = input[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x1e: add(.settle)
            case 0x1d: add(.turn)
            case 0x1c: add(.advance)
            case 0x1f: add(.finishSending)
            case 0x04: add(.hangUp)
            case 0x17: add(.nextCaller)
            case 0x16: isSingle.toggle()
            case 0x10: if let next = rest.popFirst() { piece.append(next) }
            default: piece.append(byte)
            }
            if isSingle, !piece.isEmpty { add(.turn) }
        }
        add(.settle)
    }

    private mutating func add(_ step: Step) {
        if !piece.isEmpty { steps.append(.send(piece)) }
        piece = []
        steps.append(step)
    }
}
