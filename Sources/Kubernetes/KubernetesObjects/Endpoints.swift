/// A legacy Endpoints object (`v1`).
package struct Endpoints: Hashable, Sendable {
    package var metadata: ObjectMetadata
    package var subsets: [EndpointSubset]

    package init(_ metadata: ObjectMetadata, subsets: [EndpointSubset] = []) {
        self.metadata = metadata
        self.subsets = subsets
    }
}

/// Addresses that share the same ports.
package struct EndpointSubset: Hashable, Sendable {
    package var addresses: [EndpointAddress]
    package var notReadyAddresses: [EndpointAddress]
    package var ports: [EndpointPort]

    package init(
        addresses: [EndpointAddress] = [], notReadyAddresses: [EndpointAddress] = [], ports: [EndpointPort] = []
    ) {
        self.addresses = addresses
        self.notReadyAddresses = notReadyAddresses
        self.ports = ports
    }
}

/// One address of a subset.
package struct EndpointAddress: Hashable, Sendable {
    package var ip: String
    package var hostname: String
    package var nodeName: String
    /// The Pod that `targetRef` names; `nil` when it names none.
    package var pod: PodMark?

    package init(ip: String, hostname: String = "", nodeName: String = "", pod: PodMark? = nil) {
        self.ip = ip
        self.hostname = hostname
        self.nodeName = nodeName
        self.pod = pod
    }
}
