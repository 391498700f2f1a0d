package import LoadBalancing
package import NFTables
package import NodeNetwork

/// What will be done beside IPVS, as a value.
package struct DataPathPlan: Hashable, Sendable {
    package var sysctls: [SysctlChange] = []
    /// `nil` when the rules are as they should be.
    package var firewall: FirewallTransaction?
    /// Why the rules are written anew, if they are.
    package var firewallReason: String?
    /// What becomes of tracking that no rule keeps on any more.
    package var tracking: TrackingChange?
    package var addresses: [VIPOperation] = []
    /// The device that carries addresses.
    package var device = ""
    /// Addresses of Services that another device has already; they are left alone.
    package var elsewhere: [IPAddress: String] = [:]

    package init() {}

    package var isEmpty: Bool { sysctls.isEmpty && firewall == nil && tracking == nil && addresses.isEmpty }

    /// How many changes there are: rules that are written anew count as one.
    package var count: Int { sysctls.count + firewallCount + (tracking == nil ? 0 : 1) + addresses.count }

    /// A line for each change of settings and addresses, and one for all those of rules.
    package var summaryLines: [String] {
        var lines = sysctls.map(\.description)
        if let firewall {
            lines.append(
                firewallReason.map { "rules written anew: \($0)" }
                    ?? "rules: \(firewall.addedCount) elements added, \(firewall.removedCount) removed")
        }
        if let tracking { lines.append(tracking.description) }
        return lines + addresses.map { $0.text(device: device) }
    }

    private var firewallCount: Int {
        switch firewall?.content {
        case nil: 0
        case .changes(let removed, let added): removed.count + added.count
        case .replacement, .removal: 1
        }
    }
}
