import Documents
import LoadBalancing

extension ValueKind where Value == ServiceDefaults {
    static var services: Self {
        .object(.services) { reader in
            ServiceDefaults(
                scheduler: reader(Fields.scheduler), nodePortAddresses: reader(Fields.nodePortAddresses),
                localFallback: reader(Fields.localFallback), proxyName: reader(Fields.proxyName),
                externalIPs: reader(Fields.externalIPs), loadBalancerIPs: reader(Fields.loadBalancerIPs),
                nodeAddresses: reader(Fields.nodeAddresses))
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
