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
    /// The device of a kube-proxy in IPVS mode, which others look for by its name. It takes addresses while it is down,
    /// and stays so.
    package static let kubeProxyDevice = "kube-ipvs0"
    /// Whether a kube-proxy's device is used as it is.
    package var adoptsDevice: Bool { binding == .address && device == Self.kubeProxyDevice }

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

/// How many connections the kernel tracks, and for how long. What is `nil` is left alone.
package struct ConntrackLimits: Hashable, Sendable {
    /// The least that `nf_conntrack_max` is raised to.
    package var maximum: UInt32?
    /// The same for each processor of the node, where that is more.
    package var maximumPerCore: UInt32?
    /// Seconds that an established TCP connection without packets is tracked.
    package var tcpEstablished: UInt32?
    /// Seconds that a TCP connection which only the other side has closed is tracked.
    package var tcpCloseWait: UInt32?

    /// The longest time, in seconds: the kernel counts ticks, as many as a thousand a second, in 31 bits.
    package static let longestTimeout: UInt32 = 2_147_483

    package init(
        maximum: UInt32? = nil, maximumPerCore: UInt32? = nil, tcpEstablished: UInt32? = nil,
        tcpCloseWait: UInt32? = nil
    ) {
        self.maximum = maximum
        self.maximumPerCore = maximumPerCore
        self.tcpEstablished = tcpEstablished
        self.tcpCloseWait = tcpCloseWait
    }

    /// The least that a node with so many processors shall be able to track.
    package func minimum(cores: Int) -> Int? {
        let scaled = maximumPerCore.map { min(Int($0) * max(cores, 1), Int(Int32.max)) }
        return [maximum.map(Int.init), scaled].compactMap(\.self).max()
    }
}

/// What holds for all Services alike.
package struct FirewallSettings: Hashable, Sendable {
    /// The packet mark's bit that asks for the node's address as the source.
    package var masqueradeMark: UInt32
    /// Whether connections to cluster IPs get it from wherever they come.
    package var masqueradesAll: Bool
    /// The networks of the cluster's pods, whose connections to cluster IPs keep their source; empty when unknown, and
    /// then all keep it.
    package var podNetworks: [IPPrefix]
    /// Networks that are the node's own as a whole, for Services alone: what is no service there is refused.
    package var servedNetworks: [IPPrefix]

    /// The bit that kube-proxy uses.
    package static let defaultMark: UInt32 = 0x4000

    package init(
        masqueradeMark: UInt32 = defaultMark, masqueradesAll: Bool = false, podNetworks: [IPPrefix] = [],
        servedNetworks: [IPPrefix] = []
    ) {
        self.masqueradeMark = masqueradeMark
        self.masqueradesAll = masqueradesAll
        self.podNetworks = podNetworks
        self.servedNetworks = servedNetworks
    }
}

/// How the node takes the addresses of Services as its own.
package enum VIPBinding: String, Hashable, Sendable, CaseIterable {
    /// Each address on a device that carries no packets.
    case address
    /// One local route for each whole network; its addresses answer without being anywhere.
    case route
    /// Not at all: somebody else does.
    case none
}
