internal import DataPath
internal import Glibc
internal import LoadBalancing
package import Netlink
package import NodeNetwork

/// What this machine calls itself.
package enum HostIdentity {
    /// Devices that carry virtual addresses, which are nobody's own, beside those that are marked as ours.
    private static let virtualDevices: Set<String> = [
        DataPathSettings.defaultDevice, DataPathSettings.kubeProxyDevice,
    ]

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

/// Which boot and which network namespace a ledger speaks of.
package struct StateIdentity: Hashable, Sendable {
    /// `/proc/sys/kernel/random/boot_id`.
    package let boot: String
    /// A number that no other namespace of this boot has had.
    package let namespace: String

    package init(boot: String, namespace: String) {
        self.boot = boot
        self.namespace = namespace
    }

    /// The boot and namespace of this process.
    package static func current() throws(StateError) -> StateIdentity {
        guard let boot = ProcFile.read("/proc/sys/kernel/random/boot_id")?.filter({ !$0.isWhitespace }), !boot.isEmpty
        else {
            throw StateError(.unreadable(ENOENT), path: "/proc/sys/kernel/random/boot_id", remedy: "mount /proc")
        }
        return StateIdentity(boot: boot, namespace: try namespace())
    }

    /// The namespace's cookie, which is never used twice; before Linux 5.14 its inode, which may be.
    private static func namespace() throws(StateError) -> String {
        do throws(NetlinkError) {
            if let cookie = try GenericNetlinkSocket().namespaceCookie { return "\(cookie)" }
        } catch {
            throw StateError(.unreadable(error.errno ?? EIO), path: "a netlink socket", remedy: "see 'ipvsync doctor'")
        }
        let path = "/proc/self/ns/net"
        var status = stat()
        guard stat(path, &status) == 0 else { throw StateError(.unreadable(errno), path: path, remedy: "mount /proc") }
        return "inode-\(status.st_ino)"
    }
}

/// Time since boot, suspension included: steps of the wall clock do not move it, and a ledger lives as long as it.
package struct BootClock: Sendable {
    package init() {}

    /// Whole seconds since boot.
    package var seconds: UInt64 { UInt64(max(0, time.components.seconds)) }

    /// The time since boot.
    var time: Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
