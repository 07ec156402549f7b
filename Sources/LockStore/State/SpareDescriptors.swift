import Glibc

/// Descriptors that are held for nothing but the moment when others are needed and the process has none left.
struct SpareDescriptors: ~Copyable {
    private let count: Int
    private var descriptors: [Int32] = []

    init(count: Int) {
        self.count = count
        take()
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    /// Gives them back to the process, for what is opened next.
    mutating func release() {
        for descriptor in descriptors { close(descriptor) }
        descriptors = []
    }

    /// Takes those that are missing, as far as there are any.
    mutating func take() {
        while descriptors.count < count {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            descriptors.append(descriptor)
        }
    }
}
