/// Everything that is wrong with a configuration, in the order of the files and lines.
package struct ConfigurationErrors: Error, Hashable, Sendable {
    /// At most ``maximumCount``.
    package private(set) var errors: [ConfigurationError]
    /// How many more there were.
    package private(set) var omitted = 0

    /// How many errors are kept: who has more has one cause for most of them.
    package static let maximumCount = 100

    package init(_ errors: [ConfigurationError] = []) {
        self.errors = Array(errors.prefix(Self.maximumCount))
        omitted = errors.count - self.errors.count
    }

    package var isEmpty: Bool { errors.isEmpty }

    package mutating func append(_ error: ConfigurationError) {
        if errors.count < Self.maximumCount {
            errors.append(error)
        } else {
            omitted += 1
        }
    }

    /// Counts one more that is not kept.
    mutating func omit() { omitted += 1 }

    mutating func append(contentsOf others: ConfigurationErrors) {
        others.errors.forEach { append($0) }
        omitted += others.omitted
    }

    /// What the body returns; `nil` when it throws, with its errors added to these.
    @discardableResult
    package mutating func collect<Result>(_ body: () throws(ConfigurationErrors) -> Result) -> Result? {
        do throws(ConfigurationErrors) {
            return try body()
        } catch {
            append(contentsOf: error)
            return nil
        }
    }
}

extension ConfigurationErrors: CustomStringConvertible {
    /// One error a line.
    package var description: String {
        (errors.map(\.description) + (omitted > 0 ? ["and \(omitted) more"] : [])).joined(separator: "\n")
    }
}
