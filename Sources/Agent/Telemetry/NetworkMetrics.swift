internal import Agent

/// What an agent counts of what it keeps beside IPVS.
struct NetworkMetrics: Sendable {
    private var changes: [DataPathReport.Part: UInt64] = [:]
    private var failures: [DataPathReport.Part: UInt64] = [:]
    private var transactions: UInt64 = 0
    /// Passes of a verification that found something changed.
    private var drift: UInt64 = 0
    private var durations = Histogram()

    mutating func record(_ report: DataPathReport, scope: AgentStep.Scope) {
        let plan = report.plan
        if !report.isPreview { count(plan) }
        changes[.conntrack, default: 0] += UInt64(report.staleEntries)
        for failure in report.failures { failures[failure.part, default: 0] += 1 }
        transactions += UInt64(report.transactions)
        if scope == .verification, !plan.isEmpty { drift += 1 }
        durations.observe(report.duration)
    }

    private mutating func count(_ plan: DataPathPlan) {
        changes[.sysctls, default: 0] += UInt64(plan.sysctls.count)
        changes[.addresses, default: 0] += UInt64(plan.addresses.count)
        changes[.rules, default: 0] += UInt64(plan.count - plan.sysctls.count - plan.addresses.count)
    }

    func write(to text: inout Exposition) {
        text.begin(
            "ipvsync_network_changes_total", .counter,
            "Changes beside IPVS by part: settings, elements of rules, addresses, tracked connections dropped.")
        for part in DataPathReport.Part.allCases {
            text.sample("ipvsync_network_changes_total", [("part", part.rawValue)], changes[part] ?? 0)
        }
        text.begin("ipvsync_network_failures_total", .counter, "What could not be done beside IPVS, by part.")
        for part in DataPathReport.Part.allCases {
            text.sample("ipvsync_network_failures_total", [("part", part.rawValue)], failures[part] ?? 0)
        }
        text.single(
            "ipvsync_rule_transactions_total", .counter, "Transactions on the table inet ipvsync.", transactions)
        text.single(
            "ipvsync_network_drift_total", .counter,
            "Verifications that found settings, rules or addresses changed by others.", drift)
        text.begin("ipvsync_network_duration_seconds", .histogram, "How long passes beside IPVS took.")
        text.histogram("ipvsync_network_duration_seconds", [], durations)
    }
}
