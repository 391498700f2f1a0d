internal import CNetlink
internal import LoadBalancing
internal import Netlink

extension MessageBuilder {
    /// Writes the nested daemon attribute to start one; what is `nil` is the kernel's to choose.
    mutating func putDaemon(_ daemon: SyncDaemon) {
        nest(IPVS_CMD_ATTR_DAEMON) { builder in
            builder.put(IPVS_DAEMON_ATTR_STATE, daemon.role.rawValue)
            builder.put(IPVS_DAEMON_ATTR_MCAST_IFN, string: daemon.interface)
            builder.put(IPVS_DAEMON_ATTR_SYNC_ID, daemon.syncID)
            if let length = daemon.maximumLength { builder.put(IPVS_DAEMON_ATTR_SYNC_MAXLEN, length) }
            switch daemon.group {
            case .some(let group) where group.family == .ipv4:
                builder.put(IPVS_DAEMON_ATTR_MCAST_GROUP, NetworkOrder(group.v4Value))
            case .some(let group): builder.put(IPVS_DAEMON_ATTR_MCAST_GROUP6, group)
            case .none: break
            }
            if let port = daemon.port { builder.put(IPVS_DAEMON_ATTR_MCAST_PORT, port) }
            if let timeToLive = daemon.timeToLive { builder.put(IPVS_DAEMON_ATTR_MCAST_TTL, timeToLive) }
        }
    }

    /// Writes the nested daemon attribute to stop the one of that role.
    mutating func putDaemon(_ role: SyncDaemon.Role) {
        nest(IPVS_CMD_ATTR_DAEMON) { $0.put(IPVS_DAEMON_ATTR_STATE, role.rawValue) }
    }
}

extension SyncDaemon {
    /// Reads a daemon from a dump (`ip_vs_genl_fill_daemon`).
    init(_ cursor: consuming AttributeCursor) throws(NetlinkError) {
        var state: UInt32 = 0
        var interface = ""
        var syncID: UInt32 = 0
        var maximumLength: UInt16?
        var group: IPAddress?
        var port: UInt16?
        var timeToLive: UInt8?
        while let attribute = try cursor.next() {
            switch attribute.type {
            case IPVS_DAEMON_ATTR_STATE: state = try attribute.integer()
            case IPVS_DAEMON_ATTR_MCAST_IFN: interface = attribute.string()
            case IPVS_DAEMON_ATTR_SYNC_ID: syncID = try attribute.integer()
            case IPVS_DAEMON_ATTR_SYNC_MAXLEN: maximumLength = try attribute.integer()
            case IPVS_DAEMON_ATTR_MCAST_GROUP: group = IPAddress(v4: try attribute.networkOrder())
            case IPVS_DAEMON_ATTR_MCAST_GROUP6: group = IPAddress(wire: try attribute.bytes16(), family: .ipv6)
            case IPVS_DAEMON_ATTR_MCAST_PORT: port = try attribute.integer()
            case IPVS_DAEMON_ATTR_MCAST_TTL: timeToLive = try attribute.integer()
            default: break
            }
        }
        guard let role = Role(rawValue: state) else {
            throw NetlinkError(.malformed, operation: "read a synchronisation daemon", message: "state \(state)")
        }
        self.init(
            role: role, interface: interface, syncID: syncID, maximumLength: maximumLength, group: group, port: port,
            timeToLive: timeToLive)
    }
}
