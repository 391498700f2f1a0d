import KubernetesObjects
import LoadBalancing

/// A Service that wants an address or a port; the smallest one gets it. What the cluster has given goes before what a
/// Service only names: an older Service must not take a newer one's cluster IP by it. Among claims of one role, the
/// oldest Service has it, then the first by name.
struct ServiceClaim: Hashable, Sendable, Comparable {
    let role: TranslatedVirtualServer.Role
    let creationTimestamp: String
    let service: ObjectName

    init(_ service: TranslatedService, as role: TranslatedVirtualServer.Role) {
        self.role = role
        creationTimestamp = service.creationTimestamp
        self.service = service.name
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.role.precedence, left.creationTimestamp, left.service)
            < (right.role.precedence, right.creationTimestamp, right.service)
    }
}

extension TranslatedVirtualServer.Role {
    /// The place among those that want the same address and port; the first one gets it.
    var precedence: Int {
        switch self {
        case .clusterIP: 0
        case .nodePort: 1
        case .loadBalancer: 2
        case .externalIP: 3
        }
    }
}
