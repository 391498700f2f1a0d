/// Why what kube-proxy left could not be looked at or removed.
package struct LeftoverError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The program that was to do it.
    package let program: String
    /// What it said, or what is wrong with that.
    package let message: String

    package init(program: String, message: String) {
        self.program = program
        self.message = message
    }

    package var description: String { "\(program): \(message)" }
}
