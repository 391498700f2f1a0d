/// A tree to be printed as JSON or YAML; the members of a mapping keep their order.
package enum Document: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case sequence([Document])
    case mapping([Member])

    /// A key of a mapping and its value.
    package struct Member: Hashable, Sendable {
        package let key: String
        package let value: Document

        package init(_ key: String, _ value: Document) {
            self.key = key
            self.value = value
        }
    }

    /// The value for a key of a mapping.
    package subscript(key: String) -> Document? {
        guard case .mapping(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }
}

extension Document: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: Document...) { self = .sequence(elements) }
    package init(dictionaryLiteral elements: (String, Document)...) {
        self = .mapping(elements.map { Member($0.0, $0.1) })
    }
}
