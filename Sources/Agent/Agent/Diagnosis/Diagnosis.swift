internal import LoadBalancing
package import Netlink
internal import NodeNetwork

/// Whether a machine is fit for ipvsync, finding by finding.
package enum Diagnosis {
    /// Looks at a described machine.
    ///
    /// - Parameter ipvs: What asking the kernel for its IPVS gave: a version, or why there is none.
    package static func examine(_ host: Host, ipvs: Result<String, NetlinkError>) -> [Finding] {
        [kernel(host), capability(host), family(ipvs)] + schedulers(host) + sysctls(host)
            + TableSettings.findings(host.tables) + dataPath(host)
    }

    private static func kernel(_ host: Host) -> Finding {
        guard let kernel = host.kernel else {
            return Finding("kernel", .warning, "its version cannot be read", remedy: "mount /proc")
        }
        guard (4, 1) <= (kernel.major, kernel.minor) else {
            return Finding(
                "kernel", .warning, "Linux \(kernel.release) has no 64-bit IPVS counters",
                remedy: "run Linux 4.1 or later; 5.4 for gue and gre tunnels")
        }
        return Finding("kernel", .ok, "Linux \(kernel.release)")
    }

    private static func capability(_ host: Host) -> Finding {
        host.capabilities & Host.netAdmin != 0
            ? Finding("capability", .ok, "CAP_NET_ADMIN")
            : Finding(
                "capability", .failure, "CAP_NET_ADMIN is missing",
                remedy: "run as root, or give the service AmbientCapabilities=CAP_NET_ADMIN")
    }

    private static func family(_ ipvs: Result<String, NetlinkError>) -> Finding {
        switch ipvs {
        case .success(let version):
            return Finding("IPVS", .ok, "version \(version)")
        case .failure(let error) where error.kind == .familyMissing:
            return Finding(
                "IPVS", .failure, "the kernel has none",
                remedy: "modprobe ip_vs; if there is no such module, install the kernel's extra modules, "
                    + "or a kernel with CONFIG_IP_VS")
        case .failure(let error):
            return Finding(
                "IPVS", .failure, ErrorText.describe(error), remedy: "run ipvsync doctor as root in this namespace")
        }
    }

    private static func schedulers(_ host: Host) -> [Finding] {
        Scheduler.knownNames.map { name in
            let module = "ip_vs_\(name)"
            let subject = "scheduler \(name)"
            if host.loadedModules.contains(module) { return Finding(subject, .ok, "loaded") }
            guard let installed = host.installedModules else {
                return Finding(
                    subject, .warning, "unknown: /lib/modules cannot be read",
                    remedy: "mount /lib/modules of the host, or load the module beforehand: modprobe \(module)")
            }
            return installed.contains(module)
                ? Finding(subject, .ok, "loaded when first used")
                : Finding(
                    subject, .warning, "this kernel does not have it",
                    remedy: "use another scheduler, or a kernel with CONFIG_IP_VS_\(name.uppercased())")
        }
    }

    private static func sysctls(_ host: Host) -> [Finding] {
        (host.kernel.map(SysctlAdvice.all(for:)) ?? []).map { advice in
            guard let value = host.sysctls[advice.name] else {
                return Finding(advice.name, .warning, "does not exist in this namespace", remedy: "modprobe ip_vs")
            }
            return value == advice.value
                ? Finding(advice.name, .ok, value)
                : Finding(
                    advice.name, .warning, "is \(value): \(advice.reason)",
                    remedy: "sysctl -w \(advice.name)=\(advice.value)")
        }
    }
}

/// One thing that `doctor` looked at.
package struct Finding: Hashable, Sendable {
    /// How bad it is.
    package enum Severity: String, Hashable, Sendable, Comparable {
        case ok
        /// Works, but not as well as it could.
        case warning
        /// ipvsync cannot work like this.
        case failure

        private var rank: Int { self == .ok ? 0 : self == .warning ? 1 : 2 }
        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    package let subject: String
    package let severity: Severity
    /// What was found.
    package let detail: String
    /// What would put it right; `nil` where all is well.
    package let remedy: String?

    package init(_ subject: String, _ severity: Severity, _ detail: String, remedy: String? = nil) {
        self.subject = subject
        self.severity = severity
        self.detail = detail
        self.remedy = remedy
    }
}
