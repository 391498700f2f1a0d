/// Why a text is not a YAML stream that we take.
package struct YAMLError: Error, Hashable, Sendable {
    /// Where, both from 1.
    package let line: Int
    package let column: Int
    /// What is wrong.
    package let message: String
    /// What would be right, where that is known.
    package let remedy: String?

    package init(line: Int, column: Int, message: String, remedy: String? = nil) {
        self.line = line
        self.column = column
        self.message = message
        self.remedy = remedy
    }
}

extension YAMLError: CustomStringConvertible {
    /// `3:1: found a tab character …; indent with spaces`.
    package var description: String {
        "\(line):\(column): \(message)" + (remedy.map { "; \($0)" } ?? "")
    }
}
