/// What is wrong with one value, as the end of a sentence that begins with the value: `is not a whole
/// number`.
struct ConfigurationProblem: Error, Equatable {
    let text: String
    /// Which item of a list is wrong, 0 for a value that is no list; nil if a list as a whole is wrong.
    let item: Int?

    init(_ text: String, item: Int? = 0) {
        self.text = text
        self.item = item
    }
}
