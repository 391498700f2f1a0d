internal import NFTables
internal import NodeNetwork

/// What was done beside IPVS, or would be.
package struct DataPathReport: Sendable {
    /// A part of what is kept.
    package enum Part: String, Hashable, Sendable, CaseIterable {
        case sysctls
        case rules
        case addresses
        case conntrack
    }

    /// Something that could not be done; it is tried again.
    package struct Failure: Hashable, Sendable, CustomStringConvertible {
        package let part: Part
        package let message: String

        package var description: String { "\(part.rawValue): \(message)" }
    }

    /// What was done, all of it together.
    package internal(set) var plan = DataPathPlan()
    package internal(set) var failures: [Failure] = []
    /// Transactions on the rules.
    package internal(set) var transactions = 0
    /// Connection tracking entries that went with their real servers.
    package internal(set) var staleEntries = 0
    /// Time spent on it.
    package internal(set) var duration = Duration.zero

    /// Whether earlier failures still stand: they wait for their next try.
    package internal(set) var leavesFailures = false

    /// Whether the plan is only told of.
    package internal(set) var isPreview = false

    /// Of the kernel's settings, those that get their old values back.
    var restorations: Set<SysctlChange> = []

    /// Whether the addresses were looked at.
    var hasLooked = false
    /// How many addresses and elements were walked through to plan addresses: what a change costs, whatever the machine.
    var examined = 0

    package init() {}

    /// Whether nothing was done, and nothing failed.
    package var isEmpty: Bool { plan.isEmpty && failures.isEmpty && staleEntries == 0 }

    mutating func fail(_ part: Part, _ message: String) { failures.append(Failure(part: part, message: message)) }

    /// Takes in what was done after it.
    mutating func add(_ later: DataPathReport) {
        plan.sysctls += later.plan.sysctls
        plan.firewall = plan.firewall.map { $0.followed(by: later.plan.firewall) } ?? later.plan.firewall
        plan.firewallReason = later.plan.firewallReason ?? plan.firewallReason
        plan.tracking = later.plan.tracking ?? plan.tracking
        plan.addresses += later.plan.addresses
        if !later.plan.device.isEmpty { plan.device = later.plan.device }
        plan.elsewhere.merge(later.plan.elsewhere) { _, new in new }
        for failure in later.failures where !failures.contains(failure) { failures.append(failure) }
        transactions += later.transactions
        staleEntries += later.staleEntries
        examined += later.examined
        duration += later.duration
        isPreview = isPreview || later.isPreview
        hasLooked = hasLooked || later.hasLooked
        leavesFailures = leavesFailures || later.leavesFailures
        restorations.formUnion(later.restorations)
    }
}
