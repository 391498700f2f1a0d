extension Document {
    /// The first value of a JSON text.
    ///
    /// Safe for any bytes.
    package init(json bytes: [UInt8]) throws(YAMLError) {
        var value: Document?
        var flaw: YAMLError?
        try YAMLNode.forEachObject(inJSON: bytes) { object in
            value = value ?? Document(object.node)
            flaw = flaw ?? object.flaw
        }
        if let flaw { throw flaw }
        guard let value else { throw YAMLError(line: 1, column: 1, message: "there is no value") }
        self = value
    }

    /// The string, if it is one.
    package var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The truth value, if it is one.
    package var flag: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The number, if it is one and finite.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .number(let value) where value.isFinite: value
        default: nil
        }
    }

    /// The whole number, if it is one and not negative.
    package var count: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        case .number(let value): UInt64(exactly: value)
        default: nil
        }
    }

    /// The elements of a sequence; none for other values.
    package var elements: [Document] {
        guard case .sequence(let elements) = self else { return [] }
        return elements
    }
}
