package import DataPath
package import LoadBalancing
package import NFTables
internal import Netlink
package import NodeNetwork

/// Keeps what Services need of a node beside IPVS: the kernel's settings, the rules, the addresses.
///
/// Settings and rules come before the virtual servers (``prepare(_:)``), addresses after them (``finish(_:inUse:_:)``):
/// so no packet reaches an address that is not served yet. What fails is reported and tried again by the next pass;
/// the virtual servers are kept all the same.
package final class DataPathKeeper {
    let firewall: any FirewallTable
    let vips: any VIPTable
    let sysctls: Sysctls
    let tracker: (any ConnectionTracker)?
    let store: NetworkRecordStore
    let kernel: KernelVersion?

    /// The rules as they were left; `nil` when only a look can tell.
    var known: FirewallState?
    /// The number of the last transaction of anybody, if it was ours.
    var generation: UInt32?
    /// What the last look at the addresses found.
    var observed: ObservedVIPs?
    /// Whether it is certain that our table is not there.
    var rulesAreGone = false
    /// Addresses that are on our device only because connections to them remain.
    private(set) var leaving: Set<IPAddress> = []
    private(set) var record: NetworkRecord?
    /// Whether something failed that the next pass has to try again.
    package private(set) var isBehind = false

    /// Devices whose addresses are those of Services too, left behind by a proxy that this one takes over from.
    package static let takenOver: Set<String> = ["kube-ipvs0"]

    /// - Parameter tracker: The tracked connections; `nil` where the kernel tracks none.
    package init(
        firewall: any FirewallTable, vips: any VIPTable, sysctls: Sysctls, tracker: (any ConnectionTracker)?,
        store: NetworkRecordStore, kernel: KernelVersion?
    ) {
        self.firewall = firewall
        self.vips = vips
        self.sysctls = sysctls
        self.tracker = tracker
        self.store = store
        self.kernel = kernel
    }

    /// What a pass would do; nothing is changed.
    ///
    /// - Parameter inUse: The addresses of virtual servers that are ours, which stay as long as those do.
    package func preview(_ demand: DataPathDemand, inUse: Set<IPAddress>) -> DataPathReport {
        var report = DataPathReport()
        report.isPreview = true
        report.plan.device = demand.settings.device
        look(demand, &report)
        planSysctls(demand, &report)
        if let state = wantedRules(demand) { planRules(state, &report) } else { planNoRules(&report) }
        planAddresses(demand, inUse, &report)
        return report
    }

    /// Makes the kernel's settings and the rules what they should be.
    package func prepare(_ demand: DataPathDemand) -> DataPathReport {
        var report = DataPathReport()
        let started = ContinuousClock.now
        report.plan.device = demand.settings.device
        look(demand, &report)
        planSysctls(demand, &report)
        setSysctls(demand, &report)
        if let state = wantedRules(demand) {
            planRules(state, &report)
            commitRules(state, &report)
        } else {
            planNoRules(&report)
            commitNoRules(&report)
        }
        report.duration += started.duration(to: .now)
        return report
    }

    /// Makes the rules what they should be after a change of a few elements, without a look at the others.
    ///
    /// - Parameter demand: What is wanted after the change; asked for only if more than the change has to be known.
    package func prepare(
        _ change: DataPathChange, _ settings: DataPathSettings, _ demand: () -> DataPathDemand
    ) -> DataPathReport {
        let bindsNothing = settings.binding == .none || !change.touchesAddresses
        guard bindsNothing, known?.settings == settings.rules, !isBehind else { return prepare(demand()) }
        var report = DataPathReport()
        report.plan.device = settings.device
        guard settings.firewall != nil else { return report }
        let started = ContinuousClock.now
        commit(change.withoutAddresses, &report)
        isBehind = !report.failures.isEmpty
        report.duration += started.duration(to: .now)
        return report
    }

    /// Makes the addresses what they should be, once the virtual servers are.
    ///
    /// - Parameter inUse: The addresses of virtual servers that are ours, which stay as long as those do.
    package func finish(_ demand: DataPathDemand, inUse: Set<IPAddress>, _ report: inout DataPathReport) {
        let started = ContinuousClock.now
        report.plan.device = demand.settings.device
        if !report.hasLooked { look(demand, &report) }
        planAddresses(demand, inUse, &report)
        if !report.plan.addresses.isEmpty { applyAddresses(demand, &report) }
        if report.failures.isEmpty { removeFormerDevices(&report) }
        isBehind = !report.failures.isEmpty
        report.duration += started.duration(to: .now)
    }

    /// Makes tracked connections forget real servers that have gone.
    package func forget(_ flows: Set<StaleFlow>, _ report: inout DataPathReport) {
        guard !flows.isEmpty, let tracker else { return }
        do throws(NetlinkError) {
            report.staleEntries += try tracker.deleteEntries(flows)
        } catch {
            if error.kind != .familyMissing { report.fail(.conntrack, ErrorText.describe(error)) }
        }
    }

    /// Changes the kernel's settings as planned: none whose old value is not on record.
    private func setSysctls(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        do throws(StateError) {
            var next = record
            if next == nil { next = try store.load() }
            var record = next ?? NetworkRecord(device: demand.settings.device)
            record.note(device: demand.settings.device)
            record.note(report.plan.sysctls)
            try keep(record)
        } catch {
            report.fail(.sysctls, error.description)
            report.plan.sysctls = []
            return
        }
        let planned = Set(report.plan.sysctls)
        applySysctls(&report)
        dropRecord(of: planned.subtracting(report.plan.sysctls), &report)
    }

    /// Takes refused changes off the record: whoever makes them later, it is theirs.
    private func dropRecord(of refused: Set<SysctlChange>, _ report: inout DataPathReport) {
        guard !refused.isEmpty, var next = record else { return }
        for change in refused { next.sysctls[change.key] = nil }
        do throws(StateError) {
            try keep(next)
        } catch {
            report.fail(.sysctls, error.description)
        }
    }

    private func keep(_ next: NetworkRecord) throws(StateError) {
        if next != record { try store.save(next) }
        record = next
    }

    /// Removes the devices that carried addresses under other configurations.
    private func removeFormerDevices(_ report: inout DataPathReport) {
        guard var record, !record.formerDevices.isEmpty else { return }
        for name in record.formerDevices.sorted() where removeDevice(name, &report) {
            record.formerDevices.remove(name)
        }
        do throws(StateError) {
            try keep(record)
        } catch {
            report.fail(.addresses, error.description)
        }
    }

    func note(leaving: Set<IPAddress>) { self.leaving = leaving }

    /// Forgets what was remembered: everything has gone.
    func forgetRecord() { record = nil }
}

extension DataPathChange {
    fileprivate var touchesAddresses: Bool {
        added.contains { $0.boundAddress != nil } || removed.contains { $0.boundAddress != nil }
    }

    fileprivate var withoutAddresses: DataPathChange {
        guard touchesAddresses else { return self }
        return DataPathChange(
            added: added.filter { $0.boundAddress == nil }, removed: removed.filter { $0.boundAddress == nil })
    }
}
