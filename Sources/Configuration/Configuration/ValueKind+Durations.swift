import Documents
import LoadBalancing

extension ValueKind where Value == UInt32 {
    /// A length of time in seconds: `90s`, `1h30m`, `2d` or a plain number of seconds.
    static func duration(_ range: ClosedRange<UInt32>) -> Self {
        duration(
            range, second: 1, pattern: DurationText.pattern,
            expected: "a duration such as 90s or 1h30m, from \(DurationText.text(range.lowerBound)) "
                + "to \(DurationText.text(range.upperBound))", DurationText.seconds)
    }

    /// A length of time in milliseconds, between whole seconds: `100ms`, `1s500ms` or a plain number of seconds.
    static func milliseconds(_ range: ClosedRange<UInt32>) -> Self {
        duration(
            range, second: 1000, pattern: DurationText.millisecondPattern,
            expected: "a duration such as 100ms or 1s, from \(DurationText.text(milliseconds: range.lowerBound)) "
                + "to \(DurationText.text(milliseconds: range.upperBound))", DurationText.milliseconds)
    }

    /// - Parameter second: How many of the range's units make a second.
    private static func duration(
        _ range: ClosedRange<UInt32>, second: UInt32, pattern: String, expected: String,
        _ parse: @escaping @Sendable (String) -> UInt64?
    ) -> Self {
        let seconds = range.lowerBound / second...range.upperBound / second
        let schema: Document = [
            "oneOf": [
                [
                    "type": "integer", "minimum": .integer(Int64(seconds.lowerBound)),
                    "maximum": .integer(Int64(seconds.upperBound)),
                ],
                ["type": "string", "pattern": .string(pattern)],
            ]
        ]
        return ValueKind(schema: schema) { node, field, scope in
            let length: UInt64? =
                switch Document(node) {
                case .integer(let number): UInt32(exactly: number).map { UInt64($0) * UInt64(second) }
                case .string(let text): parse(text)
                default: nil
                }
            guard let length, let value = UInt32(exactly: length), range ~= value else {
                scope.report(node, "\(field) is \(node.summary)", "write \(expected)")
                return nil
            }
            return value
        }
    }
}
