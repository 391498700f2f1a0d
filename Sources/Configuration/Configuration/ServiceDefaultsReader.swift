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
                edge: reader(Fields.edge),
                checkInterval: reader(Fields.checkInterval), checksPerNamespace: reader(Fields.checksPerNamespace))
        }
    }
}

extension ValueKind where Value == ServiceDefaults.NodePortAddresses {
    /// `primary`, `all`, or a list of networks and these words.
    static var nodePortAddresses: Self {
        let schema: Document = [
            "anyOf": [["enum": ["primary", "all"]], ["type": "array", "items": ["type": "string"], "minItems": 1]]
        ]
        return ValueKind(schema: schema) { node, field, scope in
            switch node.scalar?.text {
            case "primary": return .primary
            case "all": return .all
            default: break
            }
            guard let nodes = node.sequence, !nodes.isEmpty else {
                scope.report(node, "\(field) is \(node.summary)", "write `primary`, `all` or a list of networks")
                return nil
            }
            let words = nodes.map { $0.scalar?.text }
            for (word, node) in zip(words, nodes) where word == "localhost" {
                scope.report(
                    node, "\(field) holds localhost, and IPVS serves no loopback address",
                    "leave it out, and use an address of the node")
            }
            let networks = nodes.filter { !["primary", "all", "localhost"].contains($0.scalar?.text) }
            return ServiceDefaults.NodePortAddresses(
                all: words.contains("all"), primary: words.contains("primary"),
                networks: networks.compactMap { ValueKind<IPPrefix>.prefix.read($0, field, scope) })
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
