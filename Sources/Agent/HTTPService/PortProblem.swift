/// A port that cannot be listened on, for now.
package struct PortProblem: Hashable, Sendable {
    package let port: UInt16
    package let error: HTTPServiceError
}

extension PortProblem: CustomStringConvertible {
    /// `0.0.0.0:32100: cannot listen: another process does; …`.
    package var description: String { error.description }
}
