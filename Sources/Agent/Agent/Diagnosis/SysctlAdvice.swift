package import NodeNetwork

/// A kernel setting that matters to a load balancer, and what it should be.
package struct SysctlAdvice: Hashable, Sendable {
    /// As `sysctl` names it.
    package let name: String
    package let value: String
    /// What goes wrong otherwise.
    package let reason: String

    /// Where the kernel shows it.
    package var path: String { "/proc/sys/" + name.split(separator: ".").joined(separator: "/") }

    /// What goes wrong without each of the settings that a service proxy wants, by their keys.
    private static let reasons = [
        ("net/ipv4/ip_forward", "masqueraded and tunnelled real servers on other hosts are not reached"),
        ("net/ipv4/vs/conntrack", "netfilter does not see IPVS connections, so they cannot be masqueraded by it"),
        ("net/ipv4/vs/expire_nodest_conn", "connections to a removed real server hang until they time out"),
        (
            "net/ipv4/vs/expire_quiescent_template",
            "persistence keeps sending clients to a real server of weight 0"
        ),
        ("net/ipv4/vs/conn_reuse_mode", "connections that reuse a client port are delayed by a second"),
    ]

    /// The settings that ``SysctlOptions`` wants of a kernel of that version.
    package static func all(for kernel: KernelVersion) -> [SysctlAdvice] {
        let wanted = SysctlOptions().wanted(kernel: kernel)
        return reasons.compactMap { key, reason in
            wanted.first { $0.key == key }.map {
                SysctlAdvice(name: Sysctl.name(of: key), value: $0.value, reason: reason)
            }
        }
    }
}
