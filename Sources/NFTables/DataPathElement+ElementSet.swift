internal import DataPath
internal import LoadBalancing

extension DataPathElement {
    /// The set that it belongs to; `nil` for what no rule can say: a firewall mark, every port, or a source of the
    /// other family.
    var set: ElementSet? {
        switch self {
        case .address(let address): address.family == .ipv4 ? .addresses4 : .addresses6
        case .service(let key, _): key.firewallEndpoint.map { $0.address.family == .ipv4 ? .services4 : .services6 }
        case .source(let key, let network):
            network.address.family != key.family
                ? nil : key.firewallEndpoint.map { $0.address.family == .ipv4 ? .sources4 : .sources6 }
        case .hairpin(let address): address.family == .ipv4 ? .hairpins4 : .hairpins6
        case .healthCheckPort(let port): port == 0 ? nil : .healthCheckPorts
        }
    }

    /// Its key in the set, as `nft` reads it.
    var keyText: String {
        switch self {
        case .address(let address): "\(address)"
        case .service(let key, _): key.firewallText
        case .source(let key, let network):
            network.isSingleAddress
                ? "\(key.firewallText) . \(network.address)" : "\(key.firewallText) . \(network)"
        case .hairpin(let address): "\(address) . \(address)"
        case .healthCheckPort(let port): "\(port)"
        }
    }

    /// Its key, and in a map the verdict.
    var elementText: String {
        guard case .service(_, let treatment) = self else { return keyText }
        return "\(keyText) : goto \(treatment.chainName)"
    }

    /// The order of elements of one set.
    static func precedes(_ left: DataPathElement, _ right: DataPathElement) -> Bool {
        switch (left, right) {
        case (.address(let left), .address(let right)): left < right
        case (.hairpin(let left), .hairpin(let right)): left < right
        case (.healthCheckPort(let left), .healthCheckPort(let right)): left < right
        case (.service(let left, let treatment), .service(let right, let other)):
            left == right ? treatment.chainName < other.chainName : left < right
        case (.source(let left, let network), .source(let right, let other)):
            left == right ? network < other : left < right
        default: false
        }
    }
}

extension VirtualServerKey {
    /// Where it is reached by one address and one port.
    fileprivate var firewallEndpoint: Endpoint? {
        guard case .endpoint(_, let endpoint) = self, endpoint.port != 0 else { return nil }
        return endpoint
    }

    fileprivate var firewallText: String {
        guard case .endpoint(let transportProtocol, let endpoint) = self else { return "" }
        return "\(endpoint.address) . \(transportProtocol) . \(endpoint.port)"
    }
}
