package import DataPath
package import HealthChecks
package import KubernetesObjects
package import LoadBalancing

/// What one Service means on this node.
package struct TranslatedService: Hashable, Sendable {
    package let name: ObjectName
    /// RFC 3339; the older of two Services that claim the same address wins.
    package let creationTimestamp: String
    /// Sorted by key; each key once.
    package var virtualServers: [TranslatedVirtualServer]
    /// For which traffic this node has none of its endpoints although it should.
    var localLack = LocalLack.Marks()
    /// What load balancers may ask about this node; `nil` for most Services.
    package var healthCheck: HealthCheck?
    /// What could not be done as asked, no more than a reader can use.
    package var warnings: [TranslationWarning]
    /// The other warnings.
    var hiddenWarnings = WarningCounts()
    /// Ingresses that a load balancer serves itself, as texts; empty unless an explanation was asked for.
    package var othersIngresses: [String] = []
    /// Why nothing is programmed, if so.
    package var omission: Omission?

    /// Why a Service has no virtual servers on purpose.
    package enum Omission: Hashable, Sendable {
        case headless
        case externalName
        /// No cluster IP has been given to it yet.
        case withoutClusterIP
        /// It carries the name of another proxy.
        case otherProxy(String)
    }

    /// The virtual server with that key; a search by halves, for a Service may have tens of thousands.
    func virtualServer(_ key: VirtualServerKey) -> TranslatedVirtualServer? {
        var range = virtualServers.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if virtualServers[middle].key == key { return virtualServers[middle] }
            range = virtualServers[middle].key < key ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }

    package init(_ service: Service) {
        name = service.metadata.id
        creationTimestamp = service.metadata.creationTimestamp
        virtualServers = []
        warnings = []
    }
}

/// A virtual server with where it came from.
package struct TranslatedVirtualServer: Hashable, Sendable {
    /// Which field of the Service asks for it.
    package enum Role: String, Hashable, Sendable {
        case clusterIP = "cluster IP"
        case externalIP = "external IP"
        case loadBalancer = "load balancer ingress"
        case nodePort = "node port"
    }

    package var desired: DesiredVirtualServer
    package let role: Role
    /// The Service's port that it serves.
    package let port: ServicePort
    package let trafficPolicy: Service.TrafficPolicy
    /// What its endpoints are asked, though they are ready; `nil` for nothing.
    package let probe: ServerCheck.Probe?
    /// Every known endpoint with why it is used or not, sorted; empty unless an explanation was asked for.
    package var decisions: [EndpointDecision]
    /// Who may use the address; `nil` for everybody, and unless an explanation was asked for.
    package var sources: SourceList?

    /// What the node needs beside IPVS, but for its endpoints; empty unless it is kept here.
    package var dataPath: [DataPathElement]
    /// Endpoints that may come here on their way to themselves: sorted, and one list for all virtual servers of a port.
    package var hairpins: [IPAddress]

    package var key: VirtualServerKey { desired.key }
    /// Whether the address belongs on the VIP device: never for node ports, which use the node's own.
    package var bindsAddress: Bool { role != .nodePort }
}

/// Why an endpoint is a real server or not.
package struct EndpointDecision: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        case ready
        /// No endpoint is ready: this one still serves while it terminates.
        case servingWhileTerminating
        case notReady
        case terminating
        /// The traffic policy is Local and it is elsewhere.
        case onAnotherNode
        /// Hints keep the traffic on this node.
        case hintedToAnotherNode
        /// Hints keep the traffic in this zone.
        case hintedToAnotherZone
        /// This node has no endpoint of its own; the fallback is on.
        case fallback

        /// Whether the endpoint gets traffic.
        package var isChosen: Bool {
            switch self {
            case .ready, .servingWhileTerminating, .fallback: true
            case .notReady, .terminating, .onAnotherNode, .hintedToAnotherNode, .hintedToAnotherZone: false
            }
        }
    }

    package let endpoint: Endpoint
    package let verdict: Verdict
    /// The object that holds the endpoint: `EndpointSlice shop/web-abcde`.
    package let source: String
}
