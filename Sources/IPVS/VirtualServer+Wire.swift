internal import CNetlink
internal import LoadBalancing
internal import Netlink

extension MessageBuilder {
    /// Writes the nested service attribute with what identifies the virtual server.
    mutating func putService(_ key: VirtualServerKey) {
        nest(IPVS_CMD_ATTR_SERVICE) { $0.putKey(key) }
    }

    /// Writes the nested service attribute with all settings (`ip_vs_genl_parse_service`, full entry).
    mutating func putService(_ virtualServer: VirtualServer) {
        nest(IPVS_CMD_ATTR_SERVICE) { builder in
            builder.putKey(virtualServer.key)
            builder.put(IPVS_SVC_ATTR_SCHED_NAME, string: virtualServer.scheduler.name)
            if let engine = virtualServer.persistence?.engine {
                builder.put(IPVS_SVC_ATTR_PE_NAME, string: engine)
            }
            builder.put(IPVS_SVC_ATTR_FLAGS, pair: virtualServer.wireFlags, .max)
            builder.put(IPVS_SVC_ATTR_TIMEOUT, virtualServer.persistence?.timeout ?? 0)
            let granularity = virtualServer.persistence?.granularity ?? .single(virtualServer.key.family)
            switch granularity {
            case .mask(let mask): builder.put(IPVS_SVC_ATTR_NETMASK, NetworkOrder(mask))
            case .prefix(let length): builder.put(IPVS_SVC_ATTR_NETMASK, length)
            }
        }
    }

    private mutating func putKey(_ key: VirtualServerKey) {
        put(IPVS_SVC_ATTR_AF, key.family.wireValue)
        switch key {
        case .endpoint(let transportProtocol, let endpoint):
            put(IPVS_SVC_ATTR_PROTOCOL, UInt16(transportProtocol.rawValue))
            put(IPVS_SVC_ATTR_ADDR, endpoint.address)
            put(IPVS_SVC_ATTR_PORT, NetworkOrder(endpoint.port))
        case .firewallMark(let mark, _):
            put(IPVS_SVC_ATTR_FWMARK, mark)
        }
    }
}

extension VirtualServer {
    /// The service's flags as the kernel takes them; it adds `IP_VS_SVC_F_HASHED` itself.
    fileprivate var wireFlags: UInt32 {
        var flags = scheduler.flags.rawValue
        if persistence != nil { flags |= UInt32(IP_VS_SVC_F_PERSISTENT) }
        if onePacket { flags |= UInt32(IP_VS_SVC_F_ONEPACKET) }
        return flags
    }
}

/// The attributes of one service as they come out of a dump, before they are put together.
struct ServiceAttributes {
    private var family: UInt16 = 0
    private var transportProtocol: UInt16 = 0
    private var address: (high: UInt64, low: UInt64) = (0, 0)
    private var port: UInt16 = 0
    private var firewallMark: UInt32 = 0
    private var scheduler = ""
    private var flags: UInt32 = 0
    private var timeout: UInt32 = 0
    private var netmask: UInt32 = .max
    private var engine: String?
    private(set) var statistics: TrafficStatistics?

    init(_ cursor: consuming AttributeCursor, statistics wanted: Bool) throws(NetlinkError) {
        while let attribute = try cursor.next() {
            switch attribute.type {
            case IPVS_SVC_ATTR_AF: family = try attribute.integer()
            case IPVS_SVC_ATTR_PROTOCOL: transportProtocol = try attribute.integer()
            case IPVS_SVC_ATTR_ADDR: address = try attribute.bytes16()
            case IPVS_SVC_ATTR_PORT: port = try attribute.networkOrder()
            case IPVS_SVC_ATTR_FWMARK: firewallMark = try attribute.integer()
            case IPVS_SVC_ATTR_SCHED_NAME: scheduler = attribute.string()
            case IPVS_SVC_ATTR_FLAGS: flags = try attribute.pair().0
            case IPVS_SVC_ATTR_TIMEOUT: timeout = try attribute.integer()
            case IPVS_SVC_ATTR_NETMASK: netmask = try attribute.integer()
            case IPVS_SVC_ATTR_PE_NAME: engine = attribute.string()
            case IPVS_SVC_ATTR_STATS64 where wanted: statistics = try TrafficStatistics(attribute.nested)
            default: break
            }
        }
    }

    /// The virtual server that the attributes describe.
    func virtualServer() throws(NetlinkError) -> VirtualServer {
        let family = try AddressFamily(wireValue: family)
        return VirtualServer(
            try key(family),
            scheduler: Scheduler(scheduler, flags: SchedulerFlags(rawValue: flags).intersection(.all)),
            persistence: flags & UInt32(IP_VS_SVC_F_PERSISTENT) == 0 ? nil : persistence(family),
            onePacket: flags & UInt32(IP_VS_SVC_F_ONEPACKET) != 0)
    }

    private func key(_ family: AddressFamily) throws(NetlinkError) -> VirtualServerKey {
        if firewallMark != 0 { return .firewallMark(firewallMark, family) }
        guard let number = UInt8(exactly: transportProtocol), let known = TransportProtocol(rawValue: number) else {
            throw NetlinkError(
                .malformed, operation: "read a virtual server", message: "transport protocol \(transportProtocol)")
        }
        return .endpoint(known, Endpoint(IPAddress(wire: address, family: family), port: port))
    }

    private func persistence(_ family: AddressFamily) -> Persistence {
        Persistence(
            timeout: timeout,
            granularity: family == .ipv4 ? .mask(UInt32(bigEndian: netmask)) : .prefix(netmask),
            engine: engine == "" ? nil : engine)
    }
}
