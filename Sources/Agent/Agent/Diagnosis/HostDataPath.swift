internal import DataPath
internal import Glibc
internal import KubeProxy
internal import NFTables
internal import Netlink
package import NodeNetwork

/// What a diagnosis reads of what a service proxy needs beside IPVS.
package struct HostDataPath: Sendable {
    /// Where the program `nft` is, if it is anywhere.
    package var nft: String?
    /// Whether the kernel answers questions about nftables.
    package var hasNFTables: Bool
    /// Whether the kernel's settings can be changed.
    package var canChangeSettings: Bool
    /// Whose the device is that bears the name of ours; `nil` when it cannot be found out.
    package var device: VIPDevice?
    /// Whether connection tracking is at work.
    package var tracksConnections: Bool
    /// What kube-proxy has left, each in words.
    package var leftovers: [String]
    /// The numbers of kube-proxy's processes.
    package var proxies: [Int]
    /// Other programs that may work on the same table.
    package var neighbours: [TableNeighbour]

    package init(
        nft: String?, hasNFTables: Bool, canChangeSettings: Bool, device: VIPDevice?, tracksConnections: Bool,
        leftovers: [String] = [], proxies: [Int] = [], neighbours: [TableNeighbour] = []
    ) {
        self.nft = nft
        self.hasNFTables = hasNFTables
        self.canChangeSettings = canChangeSettings
        self.device = device
        self.tracksConnections = tracksConnections
        self.leftovers = leftovers
        self.proxies = proxies
        self.neighbours = neighbours
    }

    /// This machine's.
    static func current(devices: Set<String>) -> HostDataPath {
        HostDataPath(
            nft: NFTCommand.places.first { access($0, X_OK) == 0 }, hasNFTables: NFTablesClient().generation() != nil,
            canChangeSettings: access("/proc/sys/net/ipv4/ip_forward", W_OK) == 0, device: device(),
            tracksConnections: access("/proc/sys/net/netfilter/nf_conntrack_max", F_OK) == 0,
            leftovers: leftovers(devices), proxies: ProxyProcesses().running(),
            neighbours: ProxyProcesses().neighbours())
    }

    private static func device() -> VIPDevice? {
        do throws(NetlinkError) {
            return try VIPClient().read(device: VIPDevice.defaultName).device
        } catch {
            return nil
        }
    }

    /// Whether a device was made or adopted by ipvsync.
    private static func isOurs(_ name: String) -> Bool {
        do throws(NetlinkError) {
            return try VIPClient().otherDevice(named: name) == nil
        } catch {
            return false
        }
    }

    /// As far as they can be seen: that takes root.
    private static func leftovers(_ devices: Set<String>) -> [String] {
        let device =
            devices.contains(DataPathSettings.kubeProxyDevice) && !isOurs(DataPathSettings.kubeProxyDevice)
            ? ["device \(DataPathSettings.kubeProxyDevice)"] : []
        do throws(TakeoverError) {
            return try Takeover.planPrograms(InstalledPrograms()).steps.map(\.description) + device
        } catch {
            return device
        }
    }
}
