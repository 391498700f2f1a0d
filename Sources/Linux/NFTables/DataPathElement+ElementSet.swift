internal import DataPath
internal import LoadBalancing

extension DataPathElement {
    /// The set that it belongs to; `nil` for what no rule can say: a firewall mark, every port, a list of the other
    /// family, an empty one, which needs no set, or a setting of the kernel.
    var set: ElementSet? {
        switch self {
        case .address(let address): address.family == .ipv4 ? .addresses4 : .addresses6
        case .service(let key, _): key.firewallEndpoint.map { $0.address.family == .ipv4 ? .services4 : .services6 }
        case .guarded(let key, let list):
            list.family != key.family
                ? nil : key.firewallEndpoint.map { $0.address.family == .ipv4 ? .guards4 : .guards6 }
        case .sources(let list): list.isEmpty ? nil : .sources
        case .hairpin(let address): address.family == .ipv4 ? .hairpins4 : .hairpins6
        case .healthCheckPort(let port): port == 0 ? nil : .healthCheckPorts
        case .unseenConnections: nil
        }
    }

    /// Its key in the set, as `nft` reads it.
    var keyText: String {
        switch self {
        case .address(let address): "\(address)"
        case .service(let key, _), .guarded(let key, _): key.firewallText
        case .sources(let list): list.chainName
        case .hairpin(let address): "\(address) . \(address)"
        case .healthCheckPort(let port): "\(port)"
        case .unseenConnections: ""
        }
    }

    /// Its key, and in a map the verdict.
    var elementText: String {
        switch self {
        case .service(_, let treatment): "\(keyText) : goto \(treatment.chainName)"
        case .guarded(_, let list): "\(keyText) : jump \(list.chainName)"
        default: keyText
        }
    }

    /// The order of elements of one set.
    static func precedes(_ left: DataPathElement, _ right: DataPathElement) -> Bool {
        switch (left, right) {
        case (.address(let left), .address(let right)): left < right
        case (.hairpin(let left), .hairpin(let right)): left < right
        case (.healthCheckPort(let left), .healthCheckPort(let right)): left < right
        case (.sources(let left), .sources(let right)): left < right
        case (.service(let left, let treatment), .service(let right, let other)):
            left == right ? treatment.chainName < other.chainName : left < right
        case (.guarded(let left, let list), .guarded(let right, let other)):
            left == right ? list < other : left < right
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
