package import LoadBalancing

/// A Pod (`v1`), as far as a Service's selector needs it.
package struct Pod: Hashable, Sendable {
    package var metadata: ObjectMetadata
    package var nodeName: String
    /// `status.podIPs`, else `status.podIP`, as written.
    package var ips: [String]
    package var ports: [ContainerPort]
    /// The condition `Ready`.
    package var isReady: Bool
    /// Whether it is being deleted.
    package var isTerminating: Bool
    /// Whether it has ended: phase `Succeeded` or `Failed`.
    package var hasEnded: Bool
    package var hostname: String
    package var subdomain: String

    package init(
        _ metadata: ObjectMetadata, nodeName: String = "", ips: [String] = [], ports: [ContainerPort] = [],
        isReady: Bool = true, isTerminating: Bool = false, hasEnded: Bool = false, hostname: String = "",
        subdomain: String = ""
    ) {
        self.metadata = metadata
        self.nodeName = nodeName
        self.ips = ips
        self.ports = ports
        self.isReady = isReady
        self.isTerminating = isTerminating
        self.hasEnded = hasEnded
        self.hostname = hostname
        self.subdomain = subdomain
    }
}

/// A port that a container of a Pod names.
package struct ContainerPort: Hashable, Sendable {
    package var name: String
    package var containerPort: UInt16
    package var transportProtocol: TransportProtocol

    package init(name: String, containerPort: UInt16, transportProtocol: TransportProtocol = .tcp) {
        self.name = name
        self.containerPort = containerPort
        self.transportProtocol = transportProtocol
    }
}
