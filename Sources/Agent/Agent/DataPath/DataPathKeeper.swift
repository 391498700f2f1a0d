package import DataPath
package import LoadBalancing
package import NFTables
internal import Netlink
package import NodeNetwork

/// Keeps what Services need of a node beside IPVS: the kernel's settings, the rules, the addresses.
///
/// Settings and rules come before the virtual servers (``prepare(_:)``), addresses after them (``finish(_:owned:_:)``,
/// or ``follow(_:)`` for those whose virtual servers are there while others are still to come): so no packet reaches an
/// address that is not served yet. What fails is reported and tried again by the next pass; the virtual servers are
/// kept all the same.
package final class DataPathKeeper {
    let firewall: any FirewallTable
    let vips: any VIPTable
    let sysctls: Sysctls
    let tracker: (any ConnectionTracker)?
    let tracking: (any TrackingHold)?
    let store: any NetworkRecordKeeping
    let kernel: KernelVersion?

    /// The rules as they were left; `nil` when only a look can tell.
    var known: FirewallState?
    /// What the rules would have been, had the kernel taken the last change.
    var refused: Set<DataPathElement>?
    /// Elements of virtual servers that are wanted no more. They stay until those have gone, which may be held back, or
    /// wait for connections.
    var gone: Set<DataPathElement> = []
    /// The number of the last transaction of anybody, if it was ours.
    var generation: UInt32?
    /// What puts addresses on a new device while virtual servers are being programmed.
    var follower: AddressFollower?
    /// What the last look at the addresses found, and what we have changed since; `nil` when only a look can tell.
    var observed: ObservedVIPs?
    /// What is known of the addresses that are wanted, or were.
    var places = AddressPlaces()
    /// Whether connection tracking is kept on for connections that we, or a proxy before us, masqueraded; `nil` when only
    /// a look can tell.
    var holdsTracking: Bool?
    /// Whether it is certain that our table is not there.
    var rulesAreGone = false
    private(set) var record: NetworkRecord?
    /// What tracked connections have yet to forget.
    private var staleFlows: Set<StaleFlow> = []
    private static let staleFlowLimit = 100_000
    /// Whether a preview takes kube-proxy's device for ours, as it will be once a takeover has marked it.
    package var previewsAdoption = false
    /// Whether something failed that the next pass has to try again.
    package internal(set) var isBehind = false

    /// Devices whose addresses are those of Services too, left behind by a proxy that this one takes over from.
    package static let takenOver: Set<String> = [DataPathSettings.kubeProxyDevice]

    /// - Parameters:
    ///   - tracker: The tracked connections; `nil` where the kernel tracks none.
    ///   - tracking: What keeps tracking on for them when no rule does any more.
    package init(
        firewall: any FirewallTable, vips: any VIPTable, sysctls: Sysctls, tracker: (any ConnectionTracker)?,
        tracking: (any TrackingHold)? = nil, store: any NetworkRecordKeeping, kernel: KernelVersion?
    ) {
        self.firewall = firewall
        self.vips = vips
        self.sysctls = sysctls
        self.tracker = tracker
        self.tracking = tracking
        self.store = store
        self.kernel = kernel
    }

    /// What a pass would do; nothing is changed.
    ///
    /// - Parameters:
    ///   - owned: The virtual servers that are ours: their addresses and rules stay as long as they do.
    package func preview(
        _ demand: DataPathDemand, owned: Set<VirtualServerKey>
    ) -> DataPathReport {
        let before = (gone, places)
        defer { (gone, places) = before }
        var report = DataPathReport()
        report.isPreview = true
        report.plan.device = demand.settings.device
        look(demand, &report)
        planSysctls(demand, &report)
        if demand.settings.setsSysctls {
            planRestoration(unwantedSysctls(demand, recorded(&report)), &report)
        }
        if demand.settings.rules == nil {
            planNoRules(&report)
        } else if var state = wantedRules(demand) {
            planRules(&state, keeping: owned.contains, &report)
        }
        planAddresses(demand, Synchronizer.addresses(owned), &report)
        return report
    }

    /// Makes the kernel's settings and the rules what they should be.
    package func prepare(_ demand: DataPathDemand) -> DataPathReport {
        var report = DataPathReport()
        let started = ContinuousClock.now
        report.plan.device = demand.settings.device
        look(demand, &report)
        places.settings = demand.settings
        planSysctls(demand, &report)
        setSysctls(demand, &report)
        giveBackSysctls(demand, &report)
        prepareRules(demand, &report)
        dropSuperfluousHold(&report)
        beginFollowing(demand, report)
        report.duration += started.duration(to: .now)
        return report
    }

    /// Makes the rules what they should be after a change of a few elements, without a look at the others.
    ///
    /// - Parameters:
    ///   - retries: Whether what failed before is tried again too.
    ///   - demand: What is wanted after the change; asked for only if more than the change has to be known.
    package func prepare(
        _ change: DataPathChange, _ settings: DataPathSettings, retries: Bool = true, _ demand: () -> DataPathDemand
    ) -> DataPathReport {
        // The next try makes all of it.
        if settings.rules != nil, known == nil, isBehind, !retries { return DataPathReport() }
        guard known?.settings == settings.rules, !(isBehind && retries), canFollow(change, settings) else {
            return prepare(demand())
        }
        var report = DataPathReport()
        report.plan.device = settings.device
        let started = ContinuousClock.now
        places.note(change)
        guard settings.firewall != nil else { return report }
        commit(split(withOwnAddresses(change, settings)), &report)
        isBehind = isBehind || !report.failures.isEmpty
        report.duration += started.duration(to: .now)
        return report
    }

    /// Makes the addresses what they should be, once the virtual servers are.
    ///
    /// - Parameters:
    ///   - owned: The virtual servers that are ours: their addresses and rules stay as long as they do.
    ///   - withheld: Addresses that are not taken yet: their virtual servers may have been refused, or their ledger could
    ///     not be written.
    package func finish(
        _ demand: DataPathDemand, owned: Set<VirtualServerKey>, withholding withheld: Set<IPAddress> = [],
        _ report: inout DataPathReport
    ) {
        let started = ContinuousClock.now
        report.plan.device = demand.settings.device
        let isWhole = report.hasLooked
        let done = endFollowing(&report)
        if !report.hasLooked { look(demand, &report) }
        planAddresses(demand, Synchronizer.addresses(owned), withheld: withheld, &report)
        if !report.plan.addresses.isEmpty { applyAddresses(demand, &report) }
        report.plan.addresses.insert(contentsOf: done, at: 0)
        removeGone(unless: owned.contains, &report)
        if report.failures.isEmpty { removeFormerDevices(&report) }
        // What has failed before, nobody has tried again without a look.
        isBehind = !report.failures.isEmpty || isBehind && !isWhole
        report.duration += started.duration(to: .now)
    }

    /// Ends what ``prepare(_:_:retries:_:)`` began, once the virtual servers are changed and ``changeAddresses(_:_:_:)``
    /// has been done.
    ///
    /// - Parameter owns: Whether a virtual server is ours, and so still there.
    package func finishChange(unless owns: (VirtualServerKey) -> Bool, _ report: inout DataPathReport) {
        removeGone(unless: owns, &report)
        isBehind = isBehind || !report.failures.isEmpty
    }

    /// Makes tracked connections forget real servers that have gone; and those of earlier calls that failed, if there
    /// are new ones or the pass has looked at everything.
    package func forget(_ flows: Set<StaleFlow>, _ report: inout DataPathReport) {
        guard let tracker, !flows.isEmpty || report.hasLooked else { return }
        staleFlows.formUnion(flows)
        guard !staleFlows.isEmpty else { return }
        do throws(NetlinkError) {
            report.staleEntries += try tracker.deleteEntries(staleFlows)
            staleFlows = []
        } catch {
            // Where nothing is tracked there is nothing to forget; and no failure may fill the memory.
            if error.kind == .familyMissing || staleFlows.count > Self.staleFlowLimit { staleFlows = [] }
            guard error.kind != .familyMissing else { return }
            report.fail(.conntrack, ErrorText.describe(error))
            isBehind = true
        }
    }

    /// Changes the kernel's settings as planned: none whose old value is not on record.
    private func setSysctls(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        let before: NetworkRecord
        do throws(StateError) {
            var next = record
            if next == nil { next = try store.load(isPreview: false) }
            before = next ?? NetworkRecord(device: demand.settings.device)
            var record = before
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
        dropRecord(of: planned.subtracting(report.plan.sysctls), before, &report)
    }

    /// Takes refused changes off the record: whoever makes them later, it is theirs. Those that were made before stay.
    private func dropRecord(
        of refused: Set<SysctlChange>, _ before: NetworkRecord, _ report: inout DataPathReport
    ) {
        guard !refused.isEmpty, var next = record else { return }
        for change in refused { next.sysctls[change.key] = before.sysctls[change.key] }
        do throws(StateError) {
            try keep(next)
        } catch {
            report.fail(.sysctls, error.description)
        }
    }

    /// Gives back what is wanted no more. What fails stays on record.
    private func giveBackSysctls(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        let unwanted = unwantedSysctls(demand, record)
        guard !unwanted.isEmpty, var next = record else { return }
        var returns = DataPathReport()
        let kept = planRestoration(unwanted, &returns).union(applySysctls(&returns))
        report.plan.sysctls += returns.plan.sysctls
        report.restorations = returns.restorations
        report.failures += returns.failures
        for change in unwanted where !kept.contains(change.key) { next.sysctls[change.key] = nil }
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

    /// Forgets what was remembered: everything has gone.
    func forgetRecord() {
        record = nil
        places = AddressPlaces()
    }
}

extension DataPathKeeper {
    /// A keeper of this process's network namespace.
    package convenience init(store: NetworkRecordStore, sysctlDirectory: String) throws(SyncError) {
        do throws(NetlinkError) {
            self.init(
                firewall: KernelFirewall(), vips: try VIPClient(), sysctls: Sysctls(root: sysctlDirectory),
                tracker: KernelTracker(), tracking: TrackingTable(), store: store, kernel: KernelVersion.running)
        } catch {
            throw .kernel(error)
        }
    }
}
