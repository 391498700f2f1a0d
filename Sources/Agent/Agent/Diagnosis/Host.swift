internal import Glibc
package import NodeNetwork

/// What a diagnosis reads of the machine; a value, so that tests can describe any machine.
package struct Host: Sendable {
    package var kernel: KernelVersion?
    /// The effective capabilities (`CapEff` of `/proc/self/status`).
    package var capabilities: UInt64
    /// Loaded modules (`/proc/modules`), dashes as underscores.
    package var loadedModules: Set<String>
    /// Modules that could be loaded or are built in; `nil` if the module directory cannot be read.
    package var installedModules: Set<String>?
    /// Kernel settings by name, without those that do not exist.
    package var sysctls: [String: String]
    /// What this kernel lets one set of IPVS' tables and estimators, by name, and the size of its table of connections.
    package var tables: [String: String] = [:]
    /// Network devices by name.
    package var devices: Set<String>
    /// What is needed beside IPVS.
    package var dataPath: HostDataPath

    package init(
        kernel: KernelVersion?, capabilities: UInt64, loadedModules: Set<String>, installedModules: Set<String>?,
        sysctls: [String: String], devices: Set<String>, dataPath: HostDataPath
    ) {
        self.kernel = kernel
        self.capabilities = capabilities
        self.loadedModules = loadedModules
        self.installedModules = installedModules
        self.sysctls = sysctls
        self.devices = devices
        self.dataPath = dataPath
    }

    /// The number of `CAP_NET_ADMIN` in `<linux/capability.h>`.
    static let netAdmin: UInt64 = 1 << 12

    /// The machine that this process runs on.
    package static func current() -> Host {
        let kernel = KernelVersion.running
        var sysctls: [String: String] = [:]
        for advice in kernel.map(SysctlAdvice.all(for:)) ?? [] {
            if let text = ProcFile.read(advice.path) { sysctls[advice.name] = text.trimmed }
        }
        let devices = Set(
            (ProcFile.read("/proc/net/dev") ?? "").split(separator: "\n").compactMap { line in
                line.contains(":") ? line.split(separator: ":").first.map { String($0).trimmed } : nil
            })
        var host = Host(
            kernel: kernel, capabilities: effectiveCapabilities(),
            loadedModules: Set(
                (ProcFile.read("/proc/modules") ?? "").split(separator: "\n").compactMap {
                    $0.split(separator: " ").first.map(String.init)
                }),
            installedModules: kernel.flatMap { installedModules(release: $0.release) },
            sysctls: sysctls,
            devices: devices, dataPath: .current(devices: devices))
        host.tables = TableSettings.current()
        return host
    }

    private static func effectiveCapabilities() -> UInt64 {
        let status = ProcFile.read("/proc/self/status") ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return line.flatMap { UInt64(String($0.dropFirst("CapEff:".count)).trimmed, radix: 16) } ?? 0
    }

    private static func installedModules(release: String) -> Set<String>? {
        let folder = "/lib/modules/\(release)"
        guard let available = ProcFile.read("\(folder)/modules.dep") else { return nil }
        let lines =
            available.split(separator: "\n") + (ProcFile.read("\(folder)/modules.builtin") ?? "").split(separator: "\n")
        return Set(
            lines.compactMap { line in
                line.prefix { $0 != ":" }.split(separator: "/").last.map { file in
                    String(file.prefix { $0 != "." }.map { $0 == "-" ? "_" : $0 })
                }
            })
    }
}

extension String {
    /// Without white space at either end.
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}

/// Small text files that the kernel or the module tools write, of unknown length.
enum ProcFile {
    /// The whole text, at most 8 MiB; `nil` if it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < 8 << 20 {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR {
                return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

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
