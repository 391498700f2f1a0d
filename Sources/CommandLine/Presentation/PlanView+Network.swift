internal import Agent
internal import Documents
internal import LoadBalancing
internal import NFTables
internal import NodeNetwork

// What is done beside IPVS.
extension PlanView {
    /// One line for each change, after the virtual servers'.
    var networkLines: [Line] {
        guard let plan = report.network?.plan else { return [] }
        var lines = plan.sysctls.map { Line("~ \($0)", .yellow) }
        if let reason = plan.firewallReason { lines.append(Line("= rules anew: \(reason)", .yellow)) }
        lines += (plan.firewall?.lines ?? []).map { Line($0, $0.hasPrefix("-") ? .red : .green) }
        if let tracking = plan.tracking {
            let isRelease = tracking == .release
            lines.append(Line("\(isRelease ? "-" : "+") \(tracking)", isRelease ? .red : .green))
        }
        lines += plan.addresses.map { operation in
            let sign = operation.isRemoval ? "-" : "+"
            return Line("\(sign) \(operation.text(device: plan.device))", operation.isRemoval ? .red : .green)
        }
        return lines
    }

    /// What is worth knowing beside the changes.
    var networkNotes: [Line] {
        guard let plan = report.network?.plan, !plan.elsewhere.isEmpty else { return [] }
        let addresses = plan.elsewhere.sorted { $0.key < $1.key }.map { "\($0.key) on \($0.value)" }
        return [Line("Left alone, for another device has them: " + addresses.joined(separator: ", "))]
    }

    /// The end of the summary; empty when nothing beside IPVS changes.
    var networkSummary: String {
        guard let plan = report.network?.plan, !plan.isEmpty else { return "" }
        var parts: [String] = []
        if !plan.sysctls.isEmpty { parts.append(PlainText.count(plan.sysctls.count, "kernel setting")) }
        if let firewall = plan.firewall { parts.append(firewall.summary) }
        if let tracking = plan.tracking {
            parts.append(tracking == .release ? "connection tracking let go of" : "connection tracking kept on")
        }
        if !plan.addresses.isEmpty { parts.append(PlainText.count(plan.addresses.count, "change") + " of addresses") }
        return " Network: " + parts.joined(separator: ", ") + "."
    }

    /// For programs; `nil` where nothing beside IPVS is kept.
    var networkDocument: Document? {
        guard let network = report.network else { return nil }
        let plan = network.plan
        var members: [Document.Member] = []
        if showsChanges {
            members += [
                .init("sysctls", .sequence(plan.sysctls.map(\.document))),
                .init("rules", .sequence((plan.firewall?.lines ?? []).map(Document.string))),
                .init("tracking", plan.tracking.map { .string($0.description) } ?? .null),
                .init(
                    "addresses",
                    .sequence(plan.addresses.map { .string($0.text(device: plan.device)) })),
            ]
        }
        members += [
            .init("changes", .integer(Int64(plan.count))),
            .init(
                "elsewhere",
                .sequence(
                    plan.elsewhere.sorted { $0.key < $1.key }.map {
                        ["address": .string($0.key.description), "device": .string($0.value)]
                    })),
            .init("failures", .sequence(network.failures.map { .string($0.description) })),
        ]
        guard !isPreview else { return .mapping(members) }
        members += [
            .init("transactions", .integer(Int64(network.transactions))),
            .init("staleConnections", .integer(Int64(network.staleEntries))),
            .init("seconds", .number(network.duration / .seconds(1))),
        ]
        return .mapping(members)
    }
}

extension SysctlChange {
    fileprivate var document: Document {
        ["key": .string(Sysctl.name(of: key)), "old": .string(old), "new": .string(new)]
    }
}

extension FirewallTransaction {
    fileprivate var summary: String {
        switch content {
        case .replacement(let state): "rules written anew with \(state.elements.count) elements"
        case .changes(let removed, let added): "\(removed.count + added.count) rule elements"
        case .removal: "rules removed"
        }
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
