package import DataPath
internal import LoadBalancing

/// What a node is to have beside IPVS.
package struct DataPathDemand: Hashable, Sendable {
    package var settings: DataPathSettings
    package var elements: Set<DataPathElement>

    package init(settings: DataPathSettings, elements: Set<DataPathElement>) {
        self.settings = settings
        self.elements = elements
    }

    /// The addresses of Services.
    var addresses: Set<IPAddress> { Set(elements.lazy.compactMap(\.boundAddress)) }

    /// The addresses that only some sources may use, on a port at least, but for those of which rules say so.
    func unguardedAddresses(_ rules: Set<DataPathElement>) -> Set<IPAddress> {
        Set(
            elements.lazy.compactMap { element in
                guard case .guarded(.endpoint(_, let endpoint), _) = element, !rules.contains(element) else {
                    return nil
                }
                return endpoint.address
            })
    }
}

extension DataPathElement {
    /// The address that it takes for the node.
    var boundAddress: IPAddress? {
        guard case .address(let address) = self else { return nil }
        return address
    }
}
