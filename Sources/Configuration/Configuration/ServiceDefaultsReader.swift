import Documents
import LoadBalancing

extension ValueKind where Value == ServiceDefaults {
    static var services: Self {
        .object(.services) { reader in
            ServiceDefaults(
                scheduler: reader(Fields.scheduler), nodePortAddresses: reader(Fields.nodePortAddresses),
                localFallback: reader(Fields.localFallback), proxyName: reader(Fields.proxyName),
                annotations: reader(Fields.annotations), externalIPs: reader(Fields.externalIPs),
                loadBalancerIPs: reader(Fields.loadBalancerIPs), nodeAddresses: reader(Fields.nodeAddresses),
                checkInterval: reader(Fields.checkInterval), checksPerNamespace: reader(Fields.checksPerNamespace))
        }
    }
}

extension ValueKind where Value == ServiceDefaults.NodePortAddresses {
    /// `primary`, or a list of networks.
    static var nodePortAddresses: Self {
        let schema: Document = [
            "anyOf": [["const": "primary"], ["type": "array", "items": ["type": "string"], "minItems": 1]]
        ]
        return ValueKind(schema: schema) { node, field, scope in
            if node.scalar?.text == "primary" { return .primary }
            guard let nodes = node.sequence, !nodes.isEmpty else {
                scope.report(node, "\(field) is \(node.summary)", "write `primary` or a list of networks")
                return nil
            }
            return .networks(nodes.compactMap { ValueKind<IPPrefix>.prefix.read($0, field, scope) })
        }
    }
}

extension ValueKind where Value == ServiceDefaults.Annotations {
    /// `all`, `none`, or a list of names.
    static var annotations: Self {
        let names = ServiceDefaults.Annotations.names
        let items: Document = ["enum": .sequence(names.map(Document.string))]
        let schema: Document = [
            "anyOf": [["enum": ["all", "none"]], ["type": "array", "items": items, "minItems": 1]]
        ]
        return ValueKind(schema: schema) { node, field, scope in
            switch node.scalar?.text {
            case "all": return .all
            case "none": return ServiceDefaults.Annotations.none
            default: break
            }
            guard let nodes = node.sequence, !nodes.isEmpty else {
                scope.report(
                    node, "\(field) is \(node.summary)", "write `all`, `none` or a list of \(names.listed)")
                return nil
            }
            let name = ValueKind<String>.choice(names.map { ($0, $0) })
            return .named(nodes.compactMap { name.read($0, "an annotation of \(field)", scope) })
        }
    }
}
