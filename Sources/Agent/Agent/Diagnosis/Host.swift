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
        return Host(
            kernel: kernel, capabilities: effectiveCapabilities(),
            loadedModules: Set(
                (ProcFile.read("/proc/modules") ?? "").split(separator: "\n").compactMap {
                    $0.split(separator: " ").first.map(String.init)
                }),
            installedModules: kernel.flatMap { installedModules(release: $0.release) },
            sysctls: sysctls,
            devices: devices, dataPath: .current(devices: devices))
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
