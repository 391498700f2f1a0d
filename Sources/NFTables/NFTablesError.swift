/// Why the rules could not be read or changed.
package struct NFTablesError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    package let operation: String
    /// What `nft` said, or why it could not be run.
    package let message: String

    package init(operation: String, message: String) {
        self.operation = operation
        self.message = message
    }

    package var description: String { "\(operation): \(message)" }
}
