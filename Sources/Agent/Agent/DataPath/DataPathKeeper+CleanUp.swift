internal import DataPath
internal import NFTables
internal import Netlink
internal import NodeNetwork

extension DataPathKeeper {
    /// What ``cleanUp()`` would do.
    package func previewCleanUp(keepsConnections: Bool = false) -> DataPathReport {
        var report = DataPathReport()
        report.isPreview = true
        planCleanUp(keepsConnections: keepsConnections, &report)
        return report
    }

    /// Removes what is ours beside IPVS and nothing else, and gives the kernel's settings back.
    ///
    /// - Parameter keepsConnections: Whether connections that were masqueraded stay until they end: their virtual servers
    ///   stay too. Until then, what they need is left, and the record of it; the next call removes it.
    package func cleanUp(keepsConnections: Bool = false) -> DataPathReport {
        var report = DataPathReport()
        let record = planCleanUp(keepsConnections: keepsConnections, &report)
        let demand = DataPathDemand(
            settings: DataPathSettings(binding: .none, device: report.plan.device), elements: [])
        if !report.plan.addresses.isEmpty { applyAddresses(demand, &report) }
        for name in record?.formerDevices.sorted() ?? [] { _ = removeDevice(name, &report) }
        commitNoRules(&report)
        applySysctls(&report)
        guard record != nil, report.failures.isEmpty, holdsTracking != true else { return report }
        do throws(StateError) {
            try store.remove()
            forgetRecord()
        } catch {
            report.fail(.sysctls, error.description)
        }
        return report
    }

    /// Removes what was made before nothing was wanted any more; `nil` when nothing was.
    package func retire() -> DataPathReport? {
        let report = isRecorded ? cleanUp(keepsConnections: true) : nil
        isBehind = report.map { !$0.failures.isEmpty } ?? false
        return report
    }

    /// What ``retire()`` would do.
    package func previewRetirement() -> DataPathReport? { isRecorded ? previewCleanUp(keepsConnections: true) : nil }

    private var isRecorded: Bool {
        var report = DataPathReport()
        report.isPreview = true
        return recorded(&report) != nil
    }

    /// - Returns: What is on record, if anything.
    @discardableResult
    private func planCleanUp(keepsConnections: Bool, _ report: inout DataPathReport) -> NetworkRecord? {
        // What an abandoned pass has left under way.
        follower = nil
        let record = recorded(&report)
        report.plan.device = record?.device ?? DataPathSettings.defaultDevice
        do throws(NetlinkError) {
            let observed = try vips.read(device: report.plan.device)
            self.observed = observed
            report.plan.addresses = VIPPlan.cleanup(device: report.plan.device, observed: observed).operations
        } catch {
            report.fail(.addresses, ErrorText.describe(error))
        }
        planNoRules(keepsConnections: keepsConnections, &report)
        planRestoration((record?.sysctls ?? [:]).values, &report)
        return record
    }

    /// What is on record, if anything.
    func recorded(_ report: inout DataPathReport) -> NetworkRecord? {
        do throws(StateError) {
            return try store.load(isPreview: report.isPreview)
        } catch {
            report.fail(.sysctls, error.description)
            return nil
        }
    }
}
