import Documents
import LoadBalancing

/// Persistence as it is written, before the family of the virtual server is known.
enum PersistenceDeclaration: Hashable {
    case off
    case on(timeout: UInt32, granularity: Granularity?, engine: String?)

    /// A granularity as it is written.
    enum Granularity: Hashable {
        case mask(UInt32)
        case prefixLength(Int)
    }

    /// The value for a family.
    func persistence(_ family: AddressFamily) throws(Complaint) -> Persistence? {
        guard case .on(let timeout, let granularity, _) = self else { return nil }
        let value: PersistenceGranularity? =
            switch (granularity, family) {
            case (nil, _): .single(family)
            case (.mask(let mask), .ipv4): .mask(mask)
            case (.mask, .ipv6): nil
            case (.prefixLength(let length), _): PersistenceGranularity(prefixLength: length, family: family)
            }
        guard let value else {
            throw Complaint(
                field: "persistence", problem: "the granularity does not fit an \(family) virtual server",
                remedy: family == .ipv4
                    ? "write a mask such as 255.255.255.0, or a prefix length from 1 to 32"
                    : "write a prefix length from 1 to 128")
        }
        return Persistence(timeout: timeout, granularity: value)
    }

    /// The engine that is written with it.
    var engine: String? {
        guard case .on(_, _, let engine) = self else { return nil }
        return engine
    }
}

extension ValueKind where Value == PersistenceDeclaration.Granularity {
    /// `255.255.255.0`, `24` or `/24`.
    static var granularity: Self {
        let schema: Document = [
            "oneOf": [
                ["type": "integer", "minimum": 1, "maximum": 128],
                ["type": "string", "pattern": #"^(/[0-9]{1,3}|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)$"#],
            ]
        ]
        return ValueKind(schema: schema) { node, field, scope in
            switch Document(node) {
            case .integer(let length) where 1...128 ~= length:
                return .prefixLength(Int(length))
            case .string(let text):
                if let mask = IPAddress(text), mask.family == .ipv4 { return .mask(mask.v4Value) }
                if text.hasPrefix("/"), !text.hasPrefix("/+"), let length = UInt8(text.dropFirst()), 1...128 ~= length {
                    return .prefixLength(Int(length))
                }
            default: break
            }
            scope.report(
                node, "\(field) is \(node.summary)",
                "write a mask such as 255.255.255.0, or a prefix length such as 24 or /24")
            return nil
        }
    }
}

extension ValueKind where Value == PersistenceDeclaration {
    /// `off`, a duration, or a mapping.
    static var persistence: Self {
        let duration = ValueKind<UInt32>.duration(1...Persistence.maximumTimeout)
        let object = ValueKind.object(.persistence) { reader in
            reader(Fields.persistenceTimeout).map { timeout in
                .on(timeout: timeout, granularity: reader(Fields.granularity), engine: reader(Fields.engine))
            }
        }
        return ValueKind(schema: ["anyOf": [["const": "off"], duration.schema, object.schema]]) { node, field, scope in
            if node.mapping != nil { return object.read(node, field, scope.inner(field)) }
            if node.scalar?.text == "off" { return .off }
            return duration.read(node, field, scope).map { .on(timeout: $0, granularity: nil, engine: nil) }
        }
    }
}
