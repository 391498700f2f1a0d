package import KubernetesObjects
package import LoadBalancing

extension TranslationPolicy {
    /// The policy of a node.
    ///
    /// - Parameters:
    ///   - name: The node's name.
    ///   - objects: Where its Node object is looked for; without it, there is no zone.
    ///   - addresses: The addresses of this machine; with none, those of the Node object serve.
    package init(node name: String, in objects: [KubernetesObject], addresses: [IPAddress]) {
        let node = objects.lazy.compactMap { object -> Node? in
            guard case .node(let node) = object, node.metadata.name == name else { return nil }
            return node
        }.first
        self.init(nodeName: name, node, addresses: addresses)
    }

    /// The policy of a node.
    ///
    /// - Parameters:
    ///   - name: The node's name.
    ///   - node: Its Node object; without it, there is no zone.
    ///   - addresses: The addresses of this machine; with none, those of the Node object serve.
    package init(nodeName name: String, _ node: Node?, addresses: [IPAddress]) {
        let primary = (node?.addresses ?? []).compactMap { IPAddress(kubernetes: $0) }.filter { $0.special == nil }
        self.init(
            nodeName: name, zone: node?.zone ?? "", nodeAddresses: addresses.isEmpty ? primary : addresses,
            primaryAddresses: primary)
    }
}
