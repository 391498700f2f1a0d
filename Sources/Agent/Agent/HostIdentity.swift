internal import Glibc
internal import LoadBalancing
package import Netlink
package import NodeNetwork

/// What this machine calls itself.
package enum HostIdentity {
    /// Devices that carry virtual addresses, which are nobody's own, beside those that are marked as ours.
    private static let virtualDevices: Set<String> = ["ipvsync0", "kube-ipvs0"]

    /// Addresses that mean another machine, or none, elsewhere. Others count on any device, the loopback one too.
    private static let localNetworks = ["127.0.0.0/8", "::1/128", "fe80::/10"].compactMap { IPPrefix($0) }

    /// The name under which a kubelet registers unless told otherwise: the host name in lower case.
    package static var nodeName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
    }

    /// The addresses that others can reach: no loopback, no IPv6 link-local, no virtual ones; and who is around.
    ///
    /// - Parameter device: A further device that carries virtual addresses.
    package static func stations(except device: String? = nil) throws(NetlinkError) -> NodeStations {
        let virtual = virtualDevices.union(device.map { [$0] } ?? [])
        var stations = try VIPClient().stations(exceptOn: virtual)
        stations.addresses = stations.addresses.filter { address in
            !localNetworks.contains { $0.contains(address) }
        }
        return stations
    }
}
