import LoadBalancing

/// A Service of both families and all three protocols, with its endpoints, as manifests.
struct LabService: Sendable {
    enum Policy: String, CaseIterable, Sendable {
        case cluster = "Cluster"
        case local = "Local"
    }

    let name: String
    /// Tells its addresses and its node port from those of other Services; 1…99.
    let number: Int
    var type = "ClusterIP"
    var policy = Policy.cluster
    /// The pods that serve it.
    var endpoints: [LabPlace]
    /// Pods that are about to end: they serve for a while yet.
    var terminating: [LabPlace] = []
    /// Pods whose successors serve it.
    var successors: [LabPlace] = []
    var hasExternalIPs = false
    var hasIngress = false
    var hasNodePort = false
    var sourceRanges: [String] = []
    var healthCheckNodePort: UInt16?

    /// The port on its own addresses.
    static let port: UInt16 = 80

    var nodePort: UInt16 { 30_000 + UInt16(number) }

    func clusterIP(_ family: AddressFamily) -> String { address("10.96.0", "fd00:10:96", family) }
    func externalIP(_ family: AddressFamily) -> String { address("198.51.100", "2001:db8:198", family) }
    func ingress(_ family: AddressFamily) -> String { address("198.18.0", "2001:db8:18", family) }

    private func address(_ ipv4: String, _ ipv6: String, _ family: AddressFamily) -> String {
        family == .ipv4 ? "\(ipv4).\(number)" : "\(ipv6)::\(number)"
    }

    // MARK: - Manifests

    /// Its Service and EndpointSlices, each a document.
    var manifests: String {
        ([service] + AddressFamily.allCases.map(slice)).map { "---\n" + $0 }.joined()
    }

    private var service: String {
        var spec = [
            "type: \(type)", "clusterIPs: \(list(clusterIP))", "ipFamilies: [IPv4, IPv6]",
            "internalTrafficPolicy: \(policy.rawValue)", "ports: [\(ports)]",
        ]
        if type != "ClusterIP" || hasExternalIPs { spec.append("externalTrafficPolicy: \(policy.rawValue)") }
        if type == "LoadBalancer" { spec.append("allocateLoadBalancerNodePorts: \(hasNodePort)") }
        if hasExternalIPs { spec.append("externalIPs: \(list(externalIP))") }
        if !sourceRanges.isEmpty {
            spec.append("loadBalancerSourceRanges: [\(sourceRanges.map { "\"\($0)\"" }.joined(separator: ", "))]")
        }
        if let healthCheckNodePort { spec.append("healthCheckNodePort: \(healthCheckNodePort)") }
        var text = "apiVersion: v1\nkind: Service\nmetadata: {name: \(name), namespace: lab}\nspec:\n"
        text += spec.map { "  \($0)\n" }.joined()
        guard hasIngress else { return text }
        let ingress = AddressFamily.allCases.map { "{ip: \"\(self.ingress($0))\"}" }.joined(separator: ", ")
        return text + "status: {loadBalancer: {ingress: [\(ingress)]}}\n"
    }

    private var ports: String {
        TransportProtocol.allCases.map { transport in
            let nodePort = hasNodePort ? ", nodePort: \(nodePort)" : ""
            return "{name: \(transport), port: \(Self.port), targetPort: \(Lab.port), "
                + "protocol: \(transport.description.uppercased())\(nodePort)}"
        }.joined(separator: ", ")
    }

    private func slice(_ family: AddressFamily) -> String {
        let ports = TransportProtocol.allCases
            .map { "{name: \($0), port: \(Lab.port), protocol: \($0.description.uppercased())}" }
        let ready = "ready: true"
        let ending = "ready: false, serving: true, terminating: true"
        let endpoints =
            endpoints.sorted().map { endpoint($0, $0.address(family), ready) }
            + terminating.map { endpoint($0, $0.address(family), ending) }
            + successors.map { endpoint($0, $0.successorAddress(family), ready) }
        return """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            addressType: \(family == .ipv4 ? "IPv4" : "IPv6")
            metadata:
              name: \(name)-\(family)
              namespace: lab
              labels: {kubernetes.io/service-name: \(name)}
            ports: [\(ports.joined(separator: ", "))]
            endpoints: [\(endpoints.joined(separator: ", "))]

            """
    }

    private func endpoint(_ pod: LabPlace, _ address: String, _ conditions: String) -> String {
        "{addresses: [\"\(address)\"], nodeName: \(pod.node?.rawValue ?? ""), conditions: {\(conditions)}}"
    }

    private func list(_ address: (AddressFamily) -> String) -> String {
        "[" + AddressFamily.allCases.map { "\"\(address($0))\"" }.joined(separator: ", ") + "]"
    }
}
