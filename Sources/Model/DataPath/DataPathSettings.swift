package import LoadBalancing

/// What a node is to have beside IPVS, so that Services are served.
package struct DataPathSettings: Hashable, Sendable {
    package var binding: VIPBinding
    /// The name of the device that carries the addresses.
    package var device: String
    /// The networks that are bound whole with ``VIPBinding/route``.
    package var serviceNetworks: [IPPrefix]
    /// Whether rules are kept, and which; `nil` leaves them to somebody else.
    package var firewall: FirewallSettings?
    /// Whether the kernel's settings are made what a service proxy needs.
    package var setsSysctls: Bool
    /// Whether the node answers ARP for an address only on the device that has it.
    package var strictARP: Bool
    package var conntrack: ConntrackLimits
    /// The protocols whose connection tracking entries go with their real server.
    package var staleProtocols: Set<TransportProtocol>

    package static let defaultDevice = "ipvsync0"

    package init(
        binding: VIPBinding = .address, device: String = defaultDevice, serviceNetworks: [IPPrefix] = [],
        firewall: FirewallSettings? = FirewallSettings(), setsSysctls: Bool = true, strictARP: Bool = false,
        conntrack: ConntrackLimits = ConntrackLimits(), staleProtocols: Set<TransportProtocol> = [.udp]
    ) {
        self.binding = binding
        self.device = device
        self.serviceNetworks = serviceNetworks
        self.firewall = firewall
        self.setsSysctls = setsSysctls
        self.strictARP = strictARP
        self.conntrack = conntrack
        self.staleProtocols = staleProtocols
    }
}

extension DataPathSettings {
    /// The rules that are kept; `nil` when somebody else keeps them.
    package var rules: FirewallSettings? {
        guard var rules = firewall else { return nil }
        if binding == .route { rules.servedNetworks = serviceNetworks }
        return rules
    }
}
