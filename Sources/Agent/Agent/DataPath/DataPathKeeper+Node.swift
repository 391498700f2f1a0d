internal import DataPath
internal import Glibc
internal import LoadBalancing
internal import NFTables
internal import Netlink
internal import NodeNetwork

// The kernel's settings, and the addresses.
extension DataPathKeeper {
    /// Failures that are told one by one.
    private static let failureLines = 10

    /// Looks at the addresses of the node, unless it takes none.
    func look(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        // What an abandoned pass has left under way.
        follower = nil
        report.hasLooked = true
        do throws(NetlinkError) {
            var found = try vips.read(device: demand.settings.device)
            if report.isPreview, previewsAdoption, demand.settings.adoptsDevice {
                found.adopt(demand.settings.device)
            }
            observed = found
        } catch {
            observed = nil
            report.fail(.addresses, ErrorText.describe(error))
        }
    }

    func planSysctls(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        guard demand.settings.setsSysctls else { return }
        let usesIPv6 = demand.elements.contains { $0.boundAddress?.family == .ipv6 }
        places.useIPv6 = usesIPv6
        places.serveUnseen = demand.servesUnseenConnections
        let wanted = SysctlOptions(
            demand.settings, usesIPv6: usesIPv6, servesUnseenConnections: demand.servesUnseenConnections
        ).wanted(kernel: kernel)
        do throws(SysctlError) {
            let plan = try SettingsLock.shared.hold { () throws(SysctlError) in
                try SysctlPlan.between(wanted: wanted) { key throws(SysctlError) in try sysctls.read(key) }
            }
            report.plan.sysctls = plan.changes
            for key in plan.missing {
                report.fail(.sysctls, "this kernel has no \(Sysctl.name(of: key)); see 'ipvsync doctor'")
            }
        } catch {
            report.fail(.sysctls, error.description)
        }
    }

    /// What is on record and wanted no more, such as strict ARP that was turned off. Forwarding stays when the last
    /// IPv6 Service goes, for others may have come to rely on it; and all of it stays when others see to settings.
    func unwantedSysctls(_ demand: DataPathDemand, _ record: NetworkRecord?) -> [SysctlChange] {
        guard demand.settings.setsSysctls, let record else { return [] }
        let options = SysctlOptions(
            demand.settings, usesIPv6: true, servesUnseenConnections: demand.servesUnseenConnections)
        let wanted = Set(options.wanted(kernel: kernel).map(\.key))
        return record.sysctls.values.filter { !wanted.contains($0.key) }
    }

    /// Plans to give settings back; one that somebody has changed since is theirs.
    ///
    /// - Returns: The keys of those that could not be read.
    @discardableResult
    func planRestoration(_ changes: some Sequence<SysctlChange>, _ report: inout DataPathReport) -> Set<String> {
        var unreadable: Set<String> = []
        for change in changes.sorted(by: { $0.key < $1.key }) {
            do throws(SysctlError) {
                let current = try SettingsLock.shared.hold { () throws(SysctlError) in
                    try sysctls.read(change.key)
                }
                guard current == change.new, change.old != change.new else { continue }
                report.plan.sysctls.append(change.undone)
                report.restorations.insert(change.undone)
            } catch {
                unreadable.insert(change.key)
                report.fail(.sysctls, error.description)
            }
        }
        return unreadable
    }

    /// - Returns: The keys of those that were refused.
    @discardableResult
    func applySysctls(_ report: inout DataPathReport) -> Set<String> {
        let refused = SettingsLock.shared.hold { sysctls.apply(report.plan.sysctls) }
        for error in refused { report.fail(.sysctls, error.description) }
        let keys = Set(refused.map(\.key))
        report.plan.sysctls.removeAll { keys.contains($0.key) }
        return keys
    }

    /// - Parameters:
    ///   - inUse: The addresses of virtual servers that are ours.
    ///   - withheld: Addresses that are not taken yet, unless they are there already.
    func planAddresses(
        _ demand: DataPathDemand, _ inUse: Set<IPAddress>, withheld: Set<IPAddress> = [], _ report: inout DataPathReport
    ) {
        guard let observed else { return }
        let bound = observed.bound
        places.unguarded = unguarded(demand, report).subtracting(bound)
        places.unserved = withheld.subtracting(bound)
        places.begin()
        report.examined += demand.elements.count + bound.count
        planAddresses(demand.settings, demand.addresses, observed, bound, inUse.contains, &report)
    }

    /// Plans some addresses, or all.
    ///
    /// - Parameters:
    ///   - wanted: Those of them that are wanted.
    ///   - observed: What is known of them.
    ///   - bound: Those of them that are bound.
    ///   - isInUse: Whether virtual servers of ours are at an address.
    func planAddresses(
        _ settings: DataPathSettings, _ wanted: Set<IPAddress>, _ observed: consuming ObservedVIPs,
        _ bound: Set<IPAddress>, _ isInUse: (IPAddress) -> Bool, _ report: inout DataPathReport
    ) {
        observed.elsewhere = observed.elsewhere.filter { !isTakenOver($0.value) }
        let observed = observed
        let waiting = places.unguarded.filter { address in
            observed.elsewhere[address] == nil && !observed.routes.contains { $0.contains(address) }
        }
        if let first = waiting.min() {
            let others = waiting.count > 1 ? " and \(waiting.count - 1) more" : ""
            report.fail(.addresses, "\(first)\(others) not taken: the rules that say who may connect could not be made")
        }
        let unserved = places.unserved
        let wanted = wanted.subtracting(waiting).subtracting(unserved)
        let kept = bound.subtracting(wanted).filter(isInUse)
        places.leaving.formUnion(kept)
        do throws(VIPPlanError) {
            let plan = try VIPPlan.between(
                binding: settings.binding, addresses: wanted.union(kept),
                routes: routes(settings, wanted.union(kept), waiting.union(unserved), observed),
                device: settings.device, observed: observed)
            report.plan.addresses = plan.operations
            report.plan.elsewhere = plan.elsewhere
        } catch {
            report.fail(.addresses, error.description)
        }
    }

    /// The addresses that only some sources may use, as long as the rules that say so could not be made: open to all
    /// they must not become.
    func unguarded(_ demand: DataPathDemand, _ report: DataPathReport) -> Set<IPAddress> {
        // A preview has planned the rules, unless it could not.
        let arePlanned = report.isPreview && !report.failures.contains { $0.part == .rules }
        guard demand.settings.rules != nil, demand.settings.binding != .none, !arePlanned else { return [] }
        return demand.unguardedAddresses(known?.elements ?? [])
    }

    /// The networks, but for new ones that hold an address which waits; and the addresses that lie in none of them.
    private func routes(
        _ settings: DataPathSettings, _ addresses: Set<IPAddress>, _ waiting: Set<IPAddress>, _ observed: ObservedVIPs
    ) -> [IPPrefix] {
        guard settings.binding == .route else { return [] }
        let networks = settings.serviceNetworks.filter { network in
            observed.routes.contains(network) || !waiting.contains { network.contains($0) }
        }
        let single = addresses.filter { address in
            observed.elsewhere[address] == nil && !networks.contains { $0.contains(address) }
        }
        return networks + single.map { IPPrefix($0) }
    }

    func applyAddresses(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        let device = demand.settings.device
        do throws(NetlinkError) {
            let failures = try vips.apply(report.plan.addresses, device: device)
            tell(failures, device, &report)
            let refused = Set(failures.map(\.operation))
            report.plan.addresses.removeAll { refused.contains($0) }
            dropRules(ofRemoved: report.plan.addresses, demand, &report)
            for operation in report.plan.addresses { observed?.note(operation) }
            // The device has gone, or is another's.
            if failures.contains(where: { [ENODEV, EEXIST].contains($0.errno) }) { observed = nil }
        } catch {
            observed = nil
            report.plan.addresses = []
            report.fail(.addresses, ErrorText.describe(error))
        }
    }

    /// Without the device nothing else can work; and thousands of addresses may fail for one reason.
    private func tell(_ failures: [VIPFailure], _ device: String, _ report: inout DataPathReport) {
        let root = failures.first { $0.operation == .createDevice }
        let told = root.map { [$0] } ?? Array(failures.prefix(Self.failureLines))
        for failure in told { report.fail(.addresses, failure.text(device: device)) }
        if root == nil, failures.count > told.count {
            report.fail(.addresses, "\(failures.count - told.count) more changes of addresses failed")
        }
    }

    /// Removes a device of ours, if it is there; says whether it is not there now.
    func removeDevice(_ name: String, _ report: inout DataPathReport) -> Bool {
        do throws(NetlinkError) {
            guard case .ours = try vips.read(device: name).device else { return true }
            let failures = try vips.apply([.removeDevice], device: name)
            for failure in failures { report.fail(.addresses, failure.text(device: name)) }
            return failures.isEmpty
        } catch {
            report.fail(.addresses, ErrorText.describe(error))
            return false
        }
    }

    /// An address that has gone needs no rule any more, unless it is wanted all the same, or stays: by a route instead,
    /// or no longer by one.
    private func dropRules(
        ofRemoved operations: [VIPOperation], _ demand: DataPathDemand, _ report: inout DataPathReport
    ) {
        guard demand.settings.binding != .none else { return }
        var unbound = Set(operations.compactMap(\.unboundAddress))
        if operations.contains(.removeDevice) { unbound.formUnion(observed?.addresses ?? []) }
        guard !unbound.isEmpty else { return }
        let gone = unbound.filter { address in
            !(demand.elements.contains(.address(address)) && isFree(address)) && !places.leaving.contains(address)
                && known?.elements.contains(.address(address)) ?? false
        }
        var rest = DataPathReport()
        commit(DataPathChange(removed: Set(gone.map(DataPathElement.address))), &rest)
        report.transactions += rest.transactions
        report.failures += rest.failures
    }
}

extension SysctlOptions {
    fileprivate init(_ settings: DataPathSettings, usesIPv6: Bool, servesUnseenConnections: Bool) {
        let conntrack = settings.conntrack
        self.init(
            usesIPv6: usesIPv6, strictARP: settings.strictARP,
            servesUnseenConnections: servesUnseenConnections,
            conntrackMinimum: conntrack.minimum(cores: sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            tcpEstablishedTimeout: conntrack.tcpEstablished.map(Int.init),
            tcpCloseWaitTimeout: conntrack.tcpCloseWait.map(Int.init))
    }
}
