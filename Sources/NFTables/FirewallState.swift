package import DataPath
internal import LoadBalancing

/// What our table shall hold: the rules that follow from the settings, and the elements of its sets.
package struct FirewallState: Hashable, Sendable {
    package let settings: FirewallSettings
    package private(set) var elements: Set<DataPathElement>

    /// Leaves out what changes nothing: a source within another one of the same virtual server, and of two treatments
    /// of one virtual server the laxer. And what no rule can say: firewall marks, virtual servers of every port,
    /// sources of the other family.
    package init(settings: FirewallSettings, elements: some Sequence<DataPathElement>) {
        self.settings = settings
        self.elements = Self.normalized(elements)
    }

    /// Follows a change between two states that leave out nothing.
    package mutating func apply(_ change: DataPathChange) {
        elements.subtract(change.removed)
        for element in change.added where element.set != nil { elements.insert(element) }
    }

    private static func normalized(_ elements: some Sequence<DataPathElement>) -> Set<DataPathElement> {
        var kept: Set<DataPathElement> = []
        var treatments: [VirtualServerKey: ServiceTreatment] = [:]
        var sources: [VirtualServerKey: [IPPrefix]] = [:]
        for element in elements where element.set != nil {
            switch element {
            case .service(let key, let treatment):
                treatments[key] = treatments[key].map { $0.stricter(than: treatment) } ?? treatment
            case .source(let key, let network): sources[key, default: []].append(network)
            default: kept.insert(element)
            }
        }
        for (key, treatment) in treatments { kept.insert(.service(key, treatment)) }
        for (key, networks) in sources {
            for network in networks.outermost { kept.insert(.source(key, network)) }
        }
        return kept
    }
}

extension ServiceTreatment {
    /// Of two treatments of one virtual server, which nobody should ask for, always the same one.
    fileprivate func stricter(than other: ServiceTreatment) -> ServiceTreatment {
        if isRestricted != other.isRestricted { return isRestricted ? self : other }
        return chainName < other.chainName ? self : other
    }
}
