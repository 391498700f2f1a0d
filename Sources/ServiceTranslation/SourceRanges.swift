import KubernetesObjects
import LoadBalancing

/// The networks from which a Service's load balancer addresses may be used; empty for every one.
struct SourceRanges {
    private let networks: [IPPrefix]
    /// Whether not everybody may connect.
    let isRestricted: Bool

    /// - Parameter warnings: Gets what is no network. It is left out, which lets fewer in, never more.
    init(_ service: Service, _ warnings: inout [TranslationWarning]) {
        guard service.kind == .loadBalancer else {
            networks = []
            isRestricted = false
            return
        }
        var networks: [IPPrefix] = []
        for text in service.loadBalancerSourceRanges {
            let trimmed = text.filter { !$0.isWhitespace }
            if let network = IPPrefix(trimmed) {
                networks.append(network)
            } else {
                warnings.append(
                    TranslationWarning(
                        service.metadata.id, "loadBalancerSourceRanges: \"\(text)\" is no network and is left out"))
            }
        }
        isRestricted = !service.loadBalancerSourceRanges.isEmpty && !networks.contains { $0.length == 0 }
        self.networks = isRestricted ? networks : []
    }

    /// The networks of a family, without those that lie within another, sorted.
    func networks(_ family: AddressFamily) -> [IPPrefix] {
        networks.filter { $0.address.family == family }.outermost
    }
}
