internal import NFTables
internal import Netlink
internal import NodeNetwork

extension DataPathKeeper {
    /// A keeper of this process's network namespace.
    package convenience init(store: NetworkRecordStore, sysctlDirectory: String) throws(SyncError) {
        do throws(NetlinkError) {
            self.init(
                firewall: KernelFirewall(), vips: try VIPClient(), sysctls: Sysctls(root: sysctlDirectory),
                tracker: KernelTracker(), tracking: TrackingTable(), store: store, kernel: KernelVersion.running)
        } catch {
            throw .kernel(error)
        }
    }
}
