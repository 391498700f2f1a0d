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
}

extension DataPathElement {
    /// The address that it takes for the node.
    var boundAddress: IPAddress? {
        guard case .address(let address) = self else { return nil }
        return address
    }
}
