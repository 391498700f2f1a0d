internal import LoadBalancing
internal import NodeNetwork
internal import Reconcile

extension SyncReport {
    /// What has yet to be made before a node serves everything that is declared, each in words. What only has to go is
    /// not missing.
    package var missing: [String] {
        var lines: [String] = []
        for change in changes where change.kind != .drain && change.kind != .remove {
            lines.append("\(change.kind.rawValue) " + (change.operation.key?.description ?? "settings of IPVS"))
        }
        guard let network else { return lines }
        lines += network.plan.sysctls.filter { !network.restorations.contains($0) }.map(\.description)
        if network.plan.firewall != nil { lines.append("rules") }
        lines += network.plan.addresses.filter { !$0.isRemoval }.map { $0.text(device: network.plan.device) }
        return lines + network.failures.map(\.description)
    }
}

extension VIPOperation {
    fileprivate var isRemoval: Bool {
        switch self {
        case .removeAddress, .removeRoute, .removeDevice: true
        case .createDevice, .setUp, .addAddress, .addRoute: false
        }
    }
}
