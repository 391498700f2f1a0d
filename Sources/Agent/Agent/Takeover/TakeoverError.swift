/// Why a node was not taken over, or not as a whole: one line, with the remedy.
package struct TakeoverError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
