import Documents

extension ValueKind where Value: FixedWidthInteger & Sendable {
    /// A whole number within a range.
    static func integer(_ range: ClosedRange<Value>) -> Self {
        let schema: Document = [
            "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
            "maximum": .integer(Int64(range.upperBound)),
        ]
        return ValueKind(schema: schema) { node, field, scope in
            guard case .integer(let number) = Document(node), let value = Value(exactly: number), range ~= value else {
                scope.report(
                    node, "\(field) is \(node.summary)",
                    "write an integer from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return value
        }
    }
}

extension ValueKind where Value == Double {
    /// A share: a percentage such as `50%` or a number from 0 to 1.
    static var share: Self {
        let schema: Document = [
            "oneOf": [
                ["type": "number", "minimum": 0, "maximum": 1],
                ["type": "string", "pattern": #"^(100|[0-9]{1,2})(\.[0-9]+)?%$"#],
            ]
        ]
        return ValueKind(schema: schema) { node, field, scope in
            let share: Double? =
                switch Document(node) {
                case .integer(let number): Double(number)
                case .number(let number): number
                case .string(let text): ShareText.share(text)
                default: nil
                }
            guard let share, 0...1 ~= share else {
                scope.report(
                    node, "\(field) is \(node.summary)", "write a percentage such as 50%, or a number from 0 to 1")
                return nil
            }
            return share
        }
    }
}
