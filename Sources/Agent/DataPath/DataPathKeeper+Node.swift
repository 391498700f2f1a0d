internal import DataPath
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
        report.hasLooked = true
        do throws(NetlinkError) {
            observed = try vips.read(device: demand.settings.device)
        } catch {
            observed = nil
            report.fail(.addresses, ErrorText.describe(error))
        }
    }

    func planSysctls(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        guard demand.settings.setsSysctls else { return }
        let options = SysctlOptions(
            usesIPv6: demand.elements.contains { $0.boundAddress?.family == .ipv6 },
            strictARP: demand.settings.strictARP,
            conntrackMinimum: demand.settings.conntrackMaximum.map(Int.init))
        do throws(SysctlError) {
            let plan = try SysctlPlan.between(wanted: options.wanted(kernel: kernel)) { key throws(SysctlError) in
                try sysctls.read(key)
            }
            report.plan.sysctls = plan.changes
            for key in plan.missing {
                report.fail(.sysctls, "this kernel has no \(Sysctl.name(of: key)); see 'ipvsync doctor'")
            }
        } catch {
            report.fail(.sysctls, error.description)
        }
    }

    func applySysctls(_ report: inout DataPathReport) {
        let refused = sysctls.apply(report.plan.sysctls)
        for error in refused { report.fail(.sysctls, error.description) }
        let keys = Set(refused.map(\.key))
        report.plan.sysctls.removeAll { keys.contains($0.key) }
    }

    /// - Parameter inUse: The addresses of virtual servers that are ours.
    func planAddresses(_ demand: DataPathDemand, _ inUse: Set<IPAddress>, _ report: inout DataPathReport) {
        guard var observed else { return }
        observed.elsewhere = observed.elsewhere.filter { !isTakenOver($0.value) }
        let wanted = demand.addresses
        let kept = observed.addresses.intersection(inUse).subtracting(wanted)
        note(leaving: kept)
        do throws(VIPPlanError) {
            let plan = try VIPPlan.between(
                binding: demand.settings.binding, addresses: wanted.union(kept),
                routes: routes(demand, observed), device: demand.settings.device, observed: observed)
            report.plan.addresses = plan.operations
            report.plan.elsewhere = plan.elsewhere
        } catch {
            report.fail(.addresses, error.description)
        }
    }

    /// The networks, and the addresses that lie in none of them.
    private func routes(_ demand: DataPathDemand, _ observed: ObservedVIPs) -> [IPPrefix] {
        guard demand.settings.binding == .route else { return [] }
        let networks = demand.settings.serviceNetworks
        let single = demand.addresses.filter { address in
            observed.elsewhere[address] == nil && !networks.contains { $0.contains(address) }
        }
        return networks + single.compactMap { IPPrefix($0, length: $0.family.bitWidth) }
    }

    func applyAddresses(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        let device = demand.settings.device
        do throws(NetlinkError) {
            let failures = try vips.apply(report.plan.addresses, device: device)
            tell(failures, device, &report)
            let refused = Set(failures.map(\.operation))
            report.plan.addresses.removeAll { refused.contains($0) }
            dropRules(ofRemoved: report.plan.addresses, &report)
        } catch {
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

    /// An address that has gone needs no rule any more.
    private func dropRules(ofRemoved operations: [VIPOperation], _ report: inout DataPathReport) {
        var gone: Set<DataPathElement> = []
        for case .removeAddress(let address) in operations {
            observed?.addresses.remove(address)
            gone.insert(.address(address))
        }
        guard let known else { return }
        let change = DataPathChange(removed: gone.intersection(known.elements))
        guard !change.isEmpty else { return }
        var rest = DataPathReport()
        commit(change, &rest)
        report.transactions += rest.transactions
        report.failures += rest.failures
    }
}
