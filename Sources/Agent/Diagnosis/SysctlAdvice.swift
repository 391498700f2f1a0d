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

    /// The settings for a kernel of that version (`Documentation/networking/ipvs-sysctl.rst`).
    package static func all(for kernel: KernelVersion) -> [SysctlAdvice] {
        var advice = [
            SysctlAdvice(
                name: "net.ipv4.ip_forward", value: "1",
                reason: "masqueraded and tunnelled real servers on other hosts are not reached"),
            SysctlAdvice(
                name: "net.ipv4.vs.conntrack", value: "1",
                reason: "netfilter does not see IPVS connections, so they cannot be masqueraded by it"),
            SysctlAdvice(
                name: "net.ipv4.vs.expire_nodest_conn", value: "1",
                reason: "connections to a removed real server hang until they time out"),
            SysctlAdvice(
                name: "net.ipv4.vs.expire_quiescent_template", value: "1",
                reason: "persistence keeps sending clients to a real server of weight 0"),
        ]
        // From 4.1 to 5.8 mode 1 delays a reused client port by a second when conntrack is on.
        if kernel.major == 4 && kernel.minor >= 1 || kernel.major == 5 && kernel.minor < 9 {
            advice.append(
                SysctlAdvice(
                    name: "net.ipv4.vs.conn_reuse_mode", value: "0",
                    reason: "connections that reuse a client port are delayed by a second"))
        }
        return advice
    }
}
