package import IPVS
package import LoadBalancing
package import Netlink

extension IPVSClient: VirtualServerTable {
    package func readState(statistics: Bool) throws(NetlinkError) -> ObservedState {
        try state(statistics: statistics)
    }

    package func readRealServers(of key: VirtualServerKey) throws(NetlinkError) -> [ObservedRealServer]? {
        let found = try realServers(of: key)
        // The dump of a virtual server that is gone is empty too, and no error.
        if found.isEmpty, try !virtualServerExists(key) { return nil }
        return found
    }
}
