import Documents

/// What a value is read in: where its problems go and what they are said to be about.
struct Scope {
    let problems: Problems
    /// The name of the object, made only when there is something to say about it.
    let object: () -> String?

    func report(_ node: YAMLNode, _ problem: @autoclosure () -> String, _ remedy: @autoclosure () -> String) {
        guard !problems.isFull else { return problems.omit() }
        problems.report(line: node.line, column: node.column, object: object(), problem(), remedy())
    }

    /// The scope of something inside of this object.
    func inner(_ name: @autoclosure @escaping () -> String) -> Scope {
        Scope(problems: problems) { [object] in
            [object(), name()].compactMap(\.self).joined(separator: ", ")
        }
    }
}

/// The problems of one file, as they are found.
final class Problems {
    let file: String
    private(set) var errors = ConfigurationErrors()

    init(file: String) { self.file = file }

    /// Whether one more would only be counted.
    var isFull: Bool { errors.errors.count >= ConfigurationErrors.maximumCount }

    /// Counts a problem that nobody would see.
    func omit() { errors.omit() }

    func report(line: Int?, column: Int? = nil, object: String? = nil, _ problem: String, _ remedy: String?) {
        errors.append(
            ConfigurationError(
                file: file, line: line, column: column, object: object, problem: problem, remedy: remedy))
    }
}
