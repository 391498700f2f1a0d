package import LoadBalancing

/// An EndpointSlice (`discovery.k8s.io/v1`).
package struct EndpointSlice: Hashable, Sendable {
    package var metadata: ObjectMetadata
    /// `nil` for `FQDN`, which no proxy uses.
    package var family: AddressFamily?
    package var ports: [EndpointPort]
    package var endpoints: [SliceEndpoint]
    /// Addresses of endpoints beside their first ones, which no proxy uses.
    package var unusedAddresses = AddressSample()

    /// When something happened in the cluster that had the slice changed, in seconds since 1970; `nil` when it is not
    /// known. It says nothing of the endpoints.
    package var changeTrigger: Double?

    /// The annotation that tells it, as RFC 3339 writes times.
    static let changeTriggerAnnotation = "endpoints.kubernetes.io/last-change-trigger-time"

    /// The label by which a slice names its Service.
    package static let serviceNameLabel = "kubernetes.io/service-name"

    package init(
        _ metadata: ObjectMetadata, family: AddressFamily?, ports: [EndpointPort] = [], endpoints: [SliceEndpoint] = []
    ) {
        self.metadata = metadata
        self.family = family
        self.ports = ports
        self.endpoints = endpoints
    }
}

/// The first few of many addresses, as they are written but cut where they are long, and how many there are.
package struct AddressSample: Hashable, Sendable {
    package private(set) var first: [String] = []
    package private(set) var count = 0

    /// Addresses that are kept; the others are counted.
    private static let limit = 3
    /// Characters of each.
    private static let length = 64

    package init() {}

    package mutating func add(_ address: String) {
        if count < Self.limit { first.append(String(address.prefix(Self.length))) }
        count += 1
    }
}

/// A port that all endpoints of a slice or subset have.
package struct EndpointPort: Hashable, Sendable {
    package var name: String
    /// `nil` for every port, which no proxy can use.
    package var port: UInt16?
    package var transportProtocol: TransportProtocol

    package init(
        name: String = "", port: UInt16?, transportProtocol: TransportProtocol = .tcp
    ) {
        self.name = name
        self.port = port
        self.transportProtocol = transportProtocol
    }
}

/// One endpoint of a slice.
package struct SliceEndpoint: Hashable, Sendable {
    /// The first of its addresses, as written; no other counts. Empty when it has none.
    package var address: String
    package var conditions: EndpointConditions
    /// Empty when unknown.
    package var nodeName: String
    package var hostname: String
    /// The Pod that `targetRef` names; `nil` when it names none.
    package var pod: PodMark?
    /// Zones that should use this endpoint; `nil` when there is no hint.
    package var zoneHints: [String]?
    /// Nodes that should use this endpoint; `nil` when there is no hint.
    package var nodeHints: [String]?

    package init(
        address: String, conditions: EndpointConditions = EndpointConditions(), nodeName: String = "",
        hostname: String = "", pod: PodMark? = nil, zoneHints: [String]? = nil, nodeHints: [String]? = nil
    ) {
        self.address = address
        self.conditions = conditions
        self.nodeName = nodeName
        self.hostname = hostname
        self.pod = pod
        self.zoneHints = zoneHints
        self.nodeHints = nodeHints
    }
}

/// The state of an endpoint; what is absent has the API's default.
package struct EndpointConditions: Hashable, Sendable {
    package var ready: Bool
    package var serving: Bool
    package var terminating: Bool

    package init(ready: Bool = true, serving: Bool = true, terminating: Bool = false) {
        self.ready = ready
        self.serving = serving
        self.terminating = terminating
    }
}
