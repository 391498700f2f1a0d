/// An object that cannot be read, with the place.
package struct ObjectError: Error, Hashable, Sendable {
    /// Where in the text, both from 1.
    package let line: Int
    package let column: Int
    /// The field (`port`) or the kind of object.
    package let field: String
    /// What is wrong and what would be right.
    package let message: String

    package init(line: Int, column: Int, field: String, message: String) {
        self.line = line
        self.column = column
        self.field = field
        self.message = message
    }
}

extension ObjectError: CustomStringConvertible {
    /// `12:7: port: "70000" is no number from 1 to 65535`.
    package var description: String { "\(line):\(column): \(field): \(message)" }
}
