internal import CNetlink
internal import LoadBalancing
internal import Netlink

extension MessageBuilder {
    /// Writes the nested destination attribute with what identifies the real server.
    mutating func putDestination(_ endpoint: Endpoint) {
        nest(IPVS_CMD_ATTR_DEST) { $0.putKey(endpoint) }
    }

    /// Writes the nested destination attribute with all settings (`ip_vs_genl_parse_dest`, full entry).
    mutating func putDestination(_ realServer: RealServer) {
        nest(IPVS_CMD_ATTR_DEST) { builder in
            builder.putKey(realServer.endpoint)
            builder.put(IPVS_DEST_ATTR_FWD_METHOD, realServer.forwarding.wireValue)
            builder.put(IPVS_DEST_ATTR_WEIGHT, realServer.weight)
            builder.put(IPVS_DEST_ATTR_U_THRESH, realServer.upperThreshold)
            builder.put(IPVS_DEST_ATTR_L_THRESH, realServer.lowerThreshold)
            if case .tunnel(let tunnel) = realServer.forwarding { builder.putTunnel(tunnel) }
        }
    }

    private mutating func putKey(_ endpoint: Endpoint) {
        put(IPVS_DEST_ATTR_ADDR_FAMILY, endpoint.address.family.wireValue)
        put(IPVS_DEST_ATTR_ADDR, endpoint.address)
        put(IPVS_DEST_ATTR_PORT, NetworkOrder(endpoint.port))
    }

    private mutating func putTunnel(_ tunnel: Tunnel) {
        let (type, port, flags): (UInt8, UInt16, UInt16) =
            switch tunnel {
            case .ipip: (UInt8(IP_VS_CONN_F_TUNNEL_TYPE_IPIP), 0, 0)
            case .gue(let port, let checksum): (UInt8(IP_VS_CONN_F_TUNNEL_TYPE_GUE), port, checksum.rawValue)
            case .gre(let checksum): (UInt8(IP_VS_CONN_F_TUNNEL_TYPE_GRE), 0, checksum.rawValue)
            case .other(let type, let port, let flags): (type, port, flags)
            }
        put(IPVS_DEST_ATTR_TUN_TYPE, type)
        put(IPVS_DEST_ATTR_TUN_PORT, NetworkOrder(port))
        put(IPVS_DEST_ATTR_TUN_FLAGS, flags)
    }
}

extension ForwardingMethod {
    /// The kernel's `IP_VS_CONN_F_*` forwarding method.
    fileprivate var wireValue: UInt32 {
        switch self {
        case .masquerade: UInt32(IP_VS_CONN_F_MASQ)
        case .local: UInt32(IP_VS_CONN_F_LOCALNODE)
        case .tunnel: UInt32(IP_VS_CONN_F_TUNNEL)
        case .direct: UInt32(IP_VS_CONN_F_DROUTE)
        case .bypass: UInt32(IP_VS_CONN_F_BYPASS)
        case .other(let number): number
        }
    }
}

/// The attributes of one destination as they come out of a dump, before they are put together.
struct DestinationAttributes {
    private var family: UInt16 = 0
    private var address: (high: UInt64, low: UInt64) = (0, 0)
    private var port: UInt16 = 0
    private var forwarding: UInt32 = 0
    private var weight: UInt32 = 0
    private var upperThreshold: UInt32 = 0
    private var lowerThreshold: UInt32 = 0
    private var connections = ConnectionCounts()
    private var tunnelType: UInt8 = 0
    private var tunnelPort: UInt16 = 0
    private var tunnelFlags: UInt16 = 0
    private var statistics: TrafficStatistics?

    init(_ cursor: consuming AttributeCursor, statistics wanted: Bool) throws(NetlinkError) {
        while let attribute = try cursor.next() {
            switch attribute.type {
            case IPVS_DEST_ATTR_ADDR_FAMILY: family = try attribute.integer()
            case IPVS_DEST_ATTR_ADDR: address = try attribute.bytes16()
            case IPVS_DEST_ATTR_PORT: port = try attribute.networkOrder()
            case IPVS_DEST_ATTR_FWD_METHOD: forwarding = try attribute.integer()
            case IPVS_DEST_ATTR_WEIGHT: weight = try attribute.integer()
            case IPVS_DEST_ATTR_U_THRESH: upperThreshold = try attribute.integer()
            case IPVS_DEST_ATTR_L_THRESH: lowerThreshold = try attribute.integer()
            case IPVS_DEST_ATTR_ACTIVE_CONNS: connections.active = try attribute.integer()
            case IPVS_DEST_ATTR_INACT_CONNS: connections.inactive = try attribute.integer()
            case IPVS_DEST_ATTR_PERSIST_CONNS: connections.persistent = try attribute.integer()
            case IPVS_DEST_ATTR_TUN_TYPE: tunnelType = try attribute.integer()
            case IPVS_DEST_ATTR_TUN_PORT: tunnelPort = try attribute.networkOrder()
            case IPVS_DEST_ATTR_TUN_FLAGS: tunnelFlags = try attribute.integer()
            case IPVS_DEST_ATTR_STATS64 where wanted: statistics = try TrafficStatistics(attribute.nested)
            default: break
            }
        }
    }

    /// The real server that the attributes describe.
    ///
    /// - Parameter serviceFamily: What a kernel older than 3.18, which sends no family, means.
    func realServer(serviceFamily: AddressFamily) throws(NetlinkError) -> ObservedRealServer {
        let family = family == 0 ? serviceFamily : try AddressFamily(wireValue: family)
        let realServer = RealServer(
            Endpoint(IPAddress(wire: address, family: family), port: port), forwarding: forwardingMethod,
            weight: weight, upperThreshold: upperThreshold, lowerThreshold: lowerThreshold)
        return ObservedRealServer(realServer, connections: connections, statistics: statistics)
    }

    private var forwardingMethod: ForwardingMethod {
        let number = forwarding & UInt32(IP_VS_CONN_F_FWD_MASK)
        return switch Int32(number) {
        case IP_VS_CONN_F_MASQ: .masquerade
        case IP_VS_CONN_F_LOCALNODE: .local
        case IP_VS_CONN_F_TUNNEL: .tunnel(tunnel)
        case IP_VS_CONN_F_DROUTE: .direct
        case IP_VS_CONN_F_BYPASS: .bypass
        default: .other(number)
        }
    }

    /// What the kernel ignores of a type is passed over: a port of IPIP and GRE, flags of IPIP.
    private var tunnel: Tunnel {
        switch (Int(tunnelType), TunnelChecksum(rawValue: tunnelFlags)) {
        case (IP_VS_CONN_F_TUNNEL_TYPE_IPIP, _): .ipip
        case (IP_VS_CONN_F_TUNNEL_TYPE_GUE, let checksum?): .gue(port: tunnelPort, checksum: checksum)
        case (IP_VS_CONN_F_TUNNEL_TYPE_GRE, let checksum?): .gre(checksum: checksum)
        default: .other(type: tunnelType, port: tunnelPort, flags: tunnelFlags)
        }
    }
}
