/// What a soak has done, counted by what it is.
final class SoakFigures: CustomStringConvertible {
    private var counts: [String: Int] = [:]

    /// - Parameter name: What it is: `change of a Service`.
    func count(_ name: String, _ number: Int = 1) { counts[name, default: 0] += number }

    subscript(name: String) -> Int { counts[name, default: 0] }

    /// Everything whose name begins so, together.
    func total(_ prefix: String) -> Int { counts.reduce(0) { $0 + ($1.key.hasPrefix(prefix) ? $1.value : 0) } }

    /// Fails unless everything has happened that often: a soak in which nothing went wrong shows nothing.
    func expectMinima(_ minima: [String: Int]) throws(ScenarioFailure) {
        for (name, minimum) in minima.sorted(by: { $0.key < $1.key }) {
            try expect(self[name] >= minimum, "\(name): \(self[name]), fewer than \(minimum)\n\(self)")
        }
    }

    /// A line for each, sorted.
    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    }
}
