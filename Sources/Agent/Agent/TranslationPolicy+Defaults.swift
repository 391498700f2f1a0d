package import Configuration
internal import LoadBalancing
package import NodeNetwork
package import ServiceTranslation

extension TranslationPolicy {
    /// Takes what is known of this machine's addresses.
    package mutating func use(_ stations: NodeStations) {
        nodeAddresses = stations.addresses.sorted()
        addresses.broadcasts = stations.broadcasts
        addresses.gateways = stations.gateways
    }

    /// Takes over what a configuration says of Services in general.
    package mutating func apply(_ defaults: ServiceDefaults?) {
        guard let defaults else { return }
        if let name = defaults.scheduler { scheduler = Scheduler(name) }
        switch defaults.nodePortAddresses {
        case nil: break
        case .primary: nodePortAddresses = .primary
        case .networks(let networks): nodePortAddresses = .networks(networks)
        }
        if let fallback = defaults.localFallback { localFallsBackToCluster = fallback }
        proxyName = defaults.proxyName
        switch defaults.annotations {
        case nil: break
        case .all?: annotations = .all
        case ServiceDefaults.Annotations.none?: annotations = .none
        case .named(let names)?: annotations = .named(Set(names))
        }
        addresses.externalIPs = defaults.externalIPs ?? .any
        addresses.loadBalancerIPs = defaults.loadBalancerIPs ?? .any
        addresses.servesNodeAddresses = defaults.nodeAddresses ?? false
    }
}
