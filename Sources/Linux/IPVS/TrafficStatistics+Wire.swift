internal import CNetlink
internal import LoadBalancing
internal import Netlink

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
