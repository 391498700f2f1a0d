package import LoadBalancing

/// One thing that the node needs beside IPVS, so that a Service is served. What is wanted is a set of these, and a
/// change of what is wanted is a few that come and a few that go.
package enum DataPathElement: Hashable, Sendable {
    /// An address of a Service that this node takes as its own, so that its packets reach IPVS.
    case address(IPAddress)
    /// What happens to new connections to a virtual server; never of a firewall mark.
    case service(VirtualServerKey, ServiceTreatment)
    /// A virtual server that only those on the list may use; the list is of its family, and one of the elements too
    /// unless it is empty.
    case guarded(VirtualServerKey, SourceList)
    /// A list that virtual servers are guarded by.
    case sources(SourceList)
    /// The address of an endpoint that may reach itself through a Service: its answer has to come back by the node.
    case hairpin(IPAddress)
    /// A TCP port on which load balancers ask for a Service's health.
    case healthCheckPort(UInt16)
    /// Packets of connections that this node has not seen from their beginning go to real servers too: another director
    /// had them before. No rule says so, but a setting of the kernel.
    case unseenConnections
}

extension DataPathElement {
    /// The virtual server that it is about, if it is about one.
    package var virtualServer: VirtualServerKey? {
        switch self {
        case .service(let key, _), .guarded(let key, _): key
        case .address, .sources, .hairpin, .healthCheckPort, .unseenConnections: nil
        }
    }

    /// The list that it needs, unless that is empty.
    package var neededSources: DataPathElement? {
        guard case .guarded(_, let list) = self, !list.isEmpty else { return nil }
        return .sources(list)
    }
}

/// What happens to new connections to a virtual server before IPVS sees them.
package struct ServiceTreatment: Hashable, Sendable {
    /// Whose connections get the node's address as their source.
    package enum Masquerade: String, Hashable, Sendable, CaseIterable {
        /// Nobody's: real servers answer the client directly.
        case never
        /// Those of the node itself, which would otherwise come from the address that they go to.
        case node
        /// Those of the node itself, and those from outside the pod networks where these are known.
        case outsidePods
        /// Everybody's: the endpoint may be on another node, whose answer has to come back here.
        case always
    }

    package var masquerade: Masquerade

    package init(_ masquerade: Masquerade) { self.masquerade = masquerade }
}
