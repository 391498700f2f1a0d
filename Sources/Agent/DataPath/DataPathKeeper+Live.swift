internal import NFTables
internal import Netlink
internal import NodeNetwork

extension DataPathKeeper {
    /// A keeper of this process's network namespace.
    package convenience init(store: NetworkRecordStore, sysctlDirectory: String) throws(SyncError) {
        do throws(NetlinkError) {
            var tracker: ConntrackClient?
            do throws(NetlinkError) {
                tracker = try ConntrackClient()
            } catch {
                guard error.kind == .familyMissing else { throw error }
            }
            self.init(
                firewall: KernelFirewall(), vips: try VIPClient(), sysctls: Sysctls(root: sysctlDirectory),
                tracker: tracker, store: store,
                kernel: KernelVersion.running)
        } catch {
            throw .kernel(error)
        }
    }
}
