package import LoadBalancing

/// A Service (`v1`), as far as a node's proxy needs it.
package struct Service: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case clusterIP = "ClusterIP"
        case nodePort = "NodePort"
        case loadBalancer = "LoadBalancer"
        case externalName = "ExternalName"
    }

    /// Which endpoints traffic may go to.
    package enum TrafficPolicy: String, Hashable, Sendable, CaseIterable {
        case cluster = "Cluster"
        case local = "Local"
    }

    package var metadata: ObjectMetadata
    package var kind: Kind
    /// As written: empty, `None`, or addresses; the first one equals `spec.clusterIP`.
    package var clusterIPs: [String]
    /// In the order of ``clusterIPs``; empty when the object does not say.
    package var ipFamilies: [AddressFamily]
    package var ports: [ServicePort]
    package var selector: [String: String]
    package var externalIPs: [String]
    package var externalName: String
    package var loadBalancerIngress: [LoadBalancerIngress]
    package var loadBalancerSourceRanges: [String]
    /// Seconds of `sessionAffinity: ClientIP`; `nil` for none.
    package var sessionAffinityTimeout: UInt32?
    package var internalTrafficPolicy: TrafficPolicy
    package var externalTrafficPolicy: TrafficPolicy
    /// 0 for none.
    package var healthCheckNodePort: UInt16
    package var publishNotReadyAddresses: Bool

    package init(
        _ metadata: ObjectMetadata, kind: Kind = .clusterIP, clusterIPs: [String] = [],
        ipFamilies: [AddressFamily] = [],
        ports: [ServicePort] = [], selector: [String: String] = [:], externalIPs: [String] = [],
        externalName: String = "", loadBalancerIngress: [LoadBalancerIngress] = [],
        loadBalancerSourceRanges: [String] = [], sessionAffinityTimeout: UInt32? = nil,
        internalTrafficPolicy: TrafficPolicy = .cluster, externalTrafficPolicy: TrafficPolicy = .cluster,
        healthCheckNodePort: UInt16 = 0, publishNotReadyAddresses: Bool = false
    ) {
        self.metadata = metadata
        self.kind = kind
        self.clusterIPs = clusterIPs
        self.ipFamilies = ipFamilies
        self.ports = ports
        self.selector = selector
        self.externalIPs = externalIPs
        self.externalName = externalName
        self.loadBalancerIngress = loadBalancerIngress
        self.loadBalancerSourceRanges = loadBalancerSourceRanges
        self.sessionAffinityTimeout = sessionAffinityTimeout
        self.internalTrafficPolicy = internalTrafficPolicy
        self.externalTrafficPolicy = externalTrafficPolicy
        self.healthCheckNodePort = healthCheckNodePort
        self.publishNotReadyAddresses = publishNotReadyAddresses
    }

    /// The default of `sessionAffinityConfig.clientIP.timeoutSeconds`: three hours.
    package static let defaultSessionAffinityTimeout: UInt32 = 10_800
}
