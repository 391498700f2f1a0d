import Documents
import LoadBalancing

extension ValueKind where Value == AddressAllowance {
    /// `any`, `none`, or networks, with others for some namespaces.
    static var addressAllowance: Self {
        let object = ValueKind.object(.addressAllowance) { reader in
            AddressAllowance.networks(
                reader(Fields.allowedNetworks) ?? [], namespaces: reader(Fields.allowedNamespaces) ?? [:])
        }
        return ValueKind(schema: ["anyOf": [["enum": ["any", "none"]], object.schema]]) { node, field, scope in
            switch node.scalar?.text {
            case "any": return .any
            case "none": return AddressAllowance.none
            default: break
            }
            guard node.mapping != nil else {
                scope.report(
                    node, "\(field) is \(node.summary)",
                    "write any, none, or networks such as {allow: [203.0.113.0/24]}")
                return nil
            }
            return object.read(node, field, scope.inner(field))
        }
    }
}

extension ValueKind where Value == [String: [IPPrefix]] {
    /// Networks by namespace.
    static var namespaceNetworks: Self {
        let networks = ValueKind<[IPPrefix]>.list(of: .prefix)
        let schema: Document = [
            "type": "object", "propertyNames": ["pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"],
            "additionalProperties": networks.schema,
        ]
        return ValueKind(schema: schema) { node, field, scope in
            guard let pairs = node.mapping else {
                scope.report(
                    node, "\(field) is \(node.summary)", "write networks by namespace: {shop: [203.0.113.0/28]}")
                return nil
            }
            var result: [String: [IPPrefix]] = [:]
            for pair in pairs {
                guard isNamespace(pair.name) else {
                    scope.report(
                        pair.key, "\(field) names \(pair.key.summary), which no namespace is called",
                        "write a namespace's name: a-z, 0-9 and `-`, at most 63")
                    continue
                }
                result[pair.name] = networks.read(pair.value, pair.name, scope.inner(field)) ?? []
            }
            return result
        }
    }

    /// Whether it is a label of RFC 1123.
    private static func isNamespace(_ name: String) -> Bool {
        let isEdge: (UInt8) -> Bool = { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        return (1...63).contains(name.utf8.count) && name.utf8.allSatisfy { isEdge($0) || $0 == UInt8(ascii: "-") }
            && name.utf8.first.map(isEdge) == true && name.utf8.last.map(isEdge) == true
    }
}

extension AddressAllowance {
    /// As it is written in a file.
    var document: Document {
        switch self {
        case .any: return "any"
        case .none: return "none"
        case .networks(let networks, let namespaces):
            let texts = { (networks: [IPPrefix]) in Document.sequence(networks.map { .string($0.description) }) }
            var members = [Document.Member(Fields.allowedNetworks.name, texts(networks))]
            if !namespaces.isEmpty {
                members.append(
                    .init(
                        Fields.allowedNamespaces.name,
                        .mapping(
                            namespaces.sorted { $0.key < $1.key }.map { Document.Member($0.key, texts($0.value)) })))
            }
            return .mapping(members)
        }
    }
}
