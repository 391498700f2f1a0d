internal import CNetlink
internal import LoadBalancing
internal import Netlink

extension MessageBuilder {
    /// Writes the nested service attribute with what identifies the virtual server.
    mutating func putService(_ key: VirtualServerKey) {
        nest(IPVS_CMD_ATTR_SERVICE) { $0.putKey(key) }
    }

    /// Writes the nested service attribute with all settings (`ip_vs_genl_parse_service`, full entry).
    ///
    /// - Parameter flags: Those that become as they are declared; the kernel keeps what it has of others.
    mutating func putService(_ virtualServer: VirtualServer, changing flags: UInt32) {
        nest(IPVS_CMD_ATTR_SERVICE) { builder in
            builder.putKey(virtualServer.key)
            builder.put(IPVS_SVC_ATTR_SCHED_NAME, string: virtualServer.scheduler.name)
            if let engine = virtualServer.engine {
                builder.put(IPVS_SVC_ATTR_PE_NAME, string: engine)
            }
            builder.put(IPVS_SVC_ATTR_FLAGS, pair: virtualServer.wireFlags, flags)
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
        case .otherProtocol(let number, let endpoint):
            put(IPVS_SVC_ATTR_PROTOCOL, number)
            put(IPVS_SVC_ATTR_ADDR, endpoint.address)
            put(IPVS_SVC_ATTR_PORT, NetworkOrder(endpoint.port))
        case .firewallMark(let mark, _):
            put(IPVS_SVC_ATTR_FWMARK, mark)
        }
    }
}

extension VirtualServer {
    /// The flags that a declaration speaks of: the mask of every edit, so that what others set beside them stays.
    static let knownFlags =
        SchedulerFlags.all.rawValue | UInt32(IP_VS_SVC_F_PERSISTENT) | UInt32(IP_VS_SVC_F_ONEPACKET)

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
    private var statistics: TrafficStatistics?

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
    func virtualServer() throws(NetlinkError) -> ObservedVirtualServer {
        let family = try AddressFamily(wireValue: family)
        let virtualServer = VirtualServer(
            key(family),
            scheduler: Scheduler(scheduler, flags: SchedulerFlags(rawValue: flags).intersection(.all)),
            persistence: flags & UInt32(IP_VS_SVC_F_PERSISTENT) == 0 ? nil : persistence(family),
            engine: engine == "" ? nil : engine, onePacket: flags & UInt32(IP_VS_SVC_F_ONEPACKET) != 0)
        return ObservedVirtualServer(
            virtualServer, statistics: statistics,
            otherFlags: flags & ~(VirtualServer.knownFlags | UInt32(IP_VS_SVC_F_HASHED)))
    }

    private func key(_ family: AddressFamily) -> VirtualServerKey {
        guard firewallMark == 0 else { return .firewallMark(firewallMark, family) }
        return VirtualServerKey(
            protocolNumber: transportProtocol, Endpoint(IPAddress(wire: address, family: family), port: port))
    }

    private func persistence(_ family: AddressFamily) -> Persistence {
        Persistence(
            timeout: timeout, granularity: family == .ipv4 ? .mask(UInt32(bigEndian: netmask)) : .prefix(netmask))
    }
}

extension AddressFamily {
    /// `AF_INET` or `AF_INET6`.
    var wireValue: UInt16 { self == .ipv4 ? UInt16(AF_INET) : UInt16(AF_INET6) }

    init(wireValue: UInt16) throws(NetlinkError) {
        switch Int32(wireValue) {
        case AF_INET: self = .ipv4
        case AF_INET6: self = .ipv6
        default: throw NetlinkError(.malformed, operation: "read an address family", message: "family \(wireValue)")
        }
    }
}

extension IPAddress {
    /// Reads the kernel's `union nf_inet_addr`: 16 bytes, an IPv4 address in the first 4.
    init(wire halves: (high: UInt64, low: UInt64), family: AddressFamily) {
        switch family {
        case .ipv4: self.init(v4: UInt32(halves.high >> 32))
        case .ipv6: self.init(v6High: halves.high, low: halves.low)
        }
    }
}

extension MessageBuilder {
    /// Writes the kernel's `union nf_inet_addr`.
    mutating func put(_ type: Int, _ address: IPAddress) {
        switch address.family {
        case .ipv4: put(type, bytes16: UInt64(address.v4Value) << 32, 0)
        case .ipv6: put(type, bytes16: address.high, address.low)
        }
    }
}

extension TrafficStatistics {
    /// Reads the 64-bit counters (`ip_vs_genl_fill_stats64`, Linux 4.1 and later).
    init(_ cursor: consuming AttributeCursor) throws(NetlinkError) {
        self.init()
        while let attribute = try cursor.next() {
            switch attribute.type {
            case IPVS_STATS_ATTR_CONNS: connections = try attribute.integer()
            case IPVS_STATS_ATTR_INPKTS: inboundPackets = try attribute.integer()
            case IPVS_STATS_ATTR_OUTPKTS: outboundPackets = try attribute.integer()
            case IPVS_STATS_ATTR_INBYTES: inboundBytes = try attribute.integer()
            case IPVS_STATS_ATTR_OUTBYTES: outboundBytes = try attribute.integer()
            case IPVS_STATS_ATTR_CPS: connectionRate = try attribute.integer()
            case IPVS_STATS_ATTR_INPPS: inboundPacketRate = try attribute.integer()
            case IPVS_STATS_ATTR_OUTPPS: outboundPacketRate = try attribute.integer()
            case IPVS_STATS_ATTR_INBPS: inboundByteRate = try attribute.integer()
            case IPVS_STATS_ATTR_OUTBPS: outboundByteRate = try attribute.integer()
            default: break
            }
        }
    }
}
