internal import DataPath
internal import NFTables
internal import Netlink
internal import NodeNetwork

extension DataPathKeeper {
    /// What ``cleanUp()`` would do.
    package func previewCleanUp() -> DataPathReport {
        var report = DataPathReport()
        planCleanUp(&report)
        return report
    }

    /// Removes what is ours beside IPVS and nothing else, and gives the kernel's settings back.
    package func cleanUp() -> DataPathReport {
        var report = DataPathReport()
        let record = planCleanUp(&report)
        let demand = DataPathDemand(
            settings: DataPathSettings(binding: .none, device: report.plan.device), elements: [])
        if !report.plan.addresses.isEmpty { applyAddresses(demand, &report) }
        for name in record?.formerDevices.sorted() ?? [] { _ = removeDevice(name, &report) }
        commitNoRules(&report)
        applySysctls(&report)
        guard record != nil, report.failures.isEmpty else { return report }
        do throws(StateError) {
            try store.remove()
            forgetRecord()
        } catch {
            report.fail(.sysctls, error.description)
        }
        return report
    }

    /// Removes what was made before nothing was wanted any more; `nil` when nothing was.
    package func retire() -> DataPathReport? { isRecorded ? cleanUp() : nil }

    /// What ``retire()`` would do.
    package func previewRetirement() -> DataPathReport? { isRecorded ? previewCleanUp() : nil }

    private var isRecorded: Bool {
        var report = DataPathReport()
        return recorded(&report) != nil
    }

    /// - Returns: What is on record, if anything.
    @discardableResult
    private func planCleanUp(_ report: inout DataPathReport) -> NetworkRecord? {
        let record = recorded(&report)
        report.plan.device = record?.device ?? DataPathSettings.defaultDevice
        do throws(NetlinkError) {
            let observed = try vips.read(device: report.plan.device)
            self.observed = observed
            report.plan.addresses = VIPPlan.cleanup(device: report.plan.device, observed: observed).operations
        } catch {
            report.fail(.addresses, ErrorText.describe(error))
        }
        planNoRules(&report)
        planRestoration(record, &report)
        return record
    }

    private func recorded(_ report: inout DataPathReport) -> NetworkRecord? {
        do throws(StateError) {
            return try store.load()
        } catch {
            report.fail(.sysctls, error.description)
            return nil
        }
    }

    /// A setting that somebody has changed since is theirs.
    private func planRestoration(_ record: NetworkRecord?, _ report: inout DataPathReport) {
        for change in (record?.sysctls ?? [:]).values.sorted(by: { $0.key < $1.key }) {
            do throws(SysctlError) {
                let current = try sysctls.read(change.key)
                if current == change.new, change.old != change.new { report.plan.sysctls.append(change.undone) }
            } catch {
                report.fail(.sysctls, error.description)
            }
        }
    }
}
