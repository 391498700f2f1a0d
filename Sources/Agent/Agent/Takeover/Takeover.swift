internal import DataPath
package import KubeProxy
internal import LoadBalancing
package import Netlink
package import NodeNetwork
package import Reconcile

/// Removes what kube-proxy has left on a node that ipvsync serves.
package struct Takeover {
    private let programs: any LeftoverPrograms
    private let devices: any LeftoverDevices
    private let table: any VirtualServerTable

    package init(
        programs: any LeftoverPrograms, devices: any LeftoverDevices, table: any VirtualServerTable
    ) {
        self.programs = programs
        self.devices = devices
        self.table = table
    }

    /// Looks for what is left; nothing is changed.
    package func plan(_ demand: TakeoverDemand) throws(TakeoverError) -> TakeoverPlan {
        var plan = TakeoverPlan()
        try Self.planPrograms(programs, &plan)
        guard let device = try proxyDevice() else { return plan }
        let observed = try look { () throws(NetlinkError) in try devices.read(device: demand.device) }
        try Self.refuse(toStrand: device, observed, demand)
        try Self.plan(device, demand, &plan)
        return plan
    }

    /// What comes before a sync that uses kube-proxy's device as it is: its addresses tell which virtual servers are of
    /// Services that are no more, and then it is marked as ours. Nothing when there is none, or it is ours already.
    package func planAdoption(_ demand: TakeoverDemand) throws(TakeoverError) -> TakeoverPlan {
        var plan = TakeoverPlan()
        guard let device = try proxyDevice() else { return plan }
        guard device.isDummy else {
            throw TakeoverError("\(device.name) is no dummy device: rename it, or set another network.device")
        }
        plan.steps = try Self.leftovers(device, demand).map(TakeoverStep.removeVirtualServer)
        plan.steps.append(.adoptDevice(device.name, addresses: device.addresses.count))
        return plan
    }

    /// The device that a kube-proxy has left; `nil` when there is none, or it is ours.
    private func proxyDevice() throws(TakeoverError) -> OtherDevice? {
        try look { () throws(NetlinkError) in try devices.otherDevice(named: DataPathSettings.kubeProxyDevice) }
    }

    /// What only programs find: rules, sets, tables. No virtual servers, and no device.
    package func planPrograms() throws(TakeoverError) -> TakeoverPlan { try Self.planPrograms(programs) }

    /// What only programs find: rules, sets, tables. No virtual servers, and no device.
    package static func planPrograms(_ programs: any LeftoverPrograms) throws(TakeoverError) -> TakeoverPlan {
        var plan = TakeoverPlan()
        try planPrograms(programs, &plan)
        return plan
    }

    private static func planPrograms(
        _ programs: any LeftoverPrograms, _ plan: inout TakeoverPlan
    ) throws(TakeoverError) {
        do throws(LeftoverError) {
            var usedSets: Set<String> = []
            for (variant, dump) in try programs.rules() {
                let removal = IPTablesRemoval(dump)
                if !removal.isEmpty { plan.steps.append(.removeRules(removal, from: variant)) }
                plan.kept += removal.kept.map { "\(variant.name): \($0)" }
                usedSets.formUnion(removal.usedSets)
            }
            for set in try programs.sets().sorted() where KubeProxyNames.ownsSet(set) {
                if usedSets.contains(set) {
                    plan.kept.append("ipset: the set \(set) stays: a rule that is not kube-proxy's uses it")
                } else {
                    plan.steps.append(.destroySet(set))
                }
            }
            let tables = Set(try programs.tables())
            plan.steps += KubeProxyNames.nftablesTables.filter(tables.contains).map(TakeoverStep.deleteTable)
        } catch {
            throw TakeoverError(error.description)
        }
    }

    private func look<Value>(_ look: () throws(NetlinkError) -> Value) throws(TakeoverError) -> Value {
        do throws(NetlinkError) {
            return try look()
        } catch {
            throw TakeoverError(ErrorText.describe(error))
        }
    }

    /// Refuses to remove the only device that has the address of a virtual server of ours.
    private static func refuse(
        toStrand device: OtherDevice, _ observed: ObservedVIPs, _ demand: TakeoverDemand
    ) throws(TakeoverError) {
        let stranded = device.addresses.intersection(demand.served).subtracting(demand.bound)
            .subtracting(observed.addresses)
            .filter { address in !observed.routes.contains { $0.contains(address) } }
        guard stranded.isEmpty else {
            throw TakeoverError(
                "virtual servers of ours would lose addresses that only \(device.name) has: "
                    + stranded.sorted().map(\.description).joined(separator: ", ")
                    + "; set network.vipBinding, or give these addresses to another device")
        }
    }

    /// Virtual servers of Services that are no more, sorted.
    private static func leftovers(
        _ device: OtherDevice, _ demand: TakeoverDemand
    ) throws(TakeoverError) -> [VirtualServerKey] {
        let leftovers = demand.foreign.filter { device.addresses.contains($0) }
        let all = leftovers.count + demand.ours.count { device.addresses.contains($0) }
        if demand.removalGuard?.holds(leftovers.count, of: all) == true {
            throw TakeoverError(
                "\(leftovers.count) of the \(all) virtual servers at addresses of \(device.name) are declared nowhere, "
                    + "which looks like a mistake: is the source complete? If it is, add --allow-mass-removal")
        }
        return leftovers.sorted()
    }

    private static func plan(
        _ device: OtherDevice, _ demand: TakeoverDemand, _ plan: inout TakeoverPlan
    ) throws(TakeoverError) {
        plan.steps += try leftovers(device, demand).map(TakeoverStep.removeVirtualServer)
        if device.isDummy {
            plan.steps.append(.removeDevice(device.name, addresses: device.addresses.count))
        } else {
            plan.kept.append("the device \(device.name) stays: it is no dummy device")
        }
    }

    /// Carries a plan out up to the first failure; another run goes on from there.
    ///
    /// - Parameter done: Told of each step when it has been made.
    package func carryOut(
        _ plan: TakeoverPlan, done: (TakeoverStep) -> Void = { _ in }
    ) throws(TakeoverError) {
        for step in plan.steps {
            do {
                try carryOut(step)
            } catch let error as NetlinkError {
                throw TakeoverError("cannot \(step.verb) \(step): \(ErrorText.describe(error)); \(Self.remedy)")
            } catch {
                throw TakeoverError("cannot \(step.verb) \(step): \(error); \(Self.remedy)")
            }
            done(step)
        }
    }

    private static let remedy = "put that right and run it again, which goes on from there"

    private func carryOut(_ step: TakeoverStep) throws {
        switch step {
        case .removeRules(let removal, let variant): try programs.remove(removal, from: variant)
        case .destroySet(let name): try programs.destroySet(name)
        case .deleteTable(let name): try programs.deleteTable(name)
        case .removeVirtualServer(let key): try remove(key)
        case .removeDevice(let name, _): try devices.removeDummy(named: name)
        case .adoptDevice(let name, _): try devices.adoptDummy(named: name)
        }
    }

    private func remove(_ key: VirtualServerKey) throws {
        for failure in try table.apply([.removeVirtualServer(key)]) where !failure.isDone {
            throw TakeoverError(ErrnoText.words(failure.errno))
        }
    }
}

extension Set<IPAddress> {
    /// Whether a virtual server is at one of the addresses.
    fileprivate func contains(_ key: VirtualServerKey) -> Bool {
        guard case .endpoint(_, let endpoint) = key else { return false }
        return contains(endpoint.address)
    }
}

/// What has to be known of our own things, so that nothing goes that is still needed.
package struct TakeoverDemand: Sendable {
    /// Virtual servers that are neither ours nor declared.
    let foreign: [VirtualServerKey]
    /// The addresses of virtual servers that are ours.
    let served: Set<IPAddress>
    /// Addresses that the node takes as its own without kube-proxy's device, or will.
    let bound: Set<IPAddress>
    /// Our own device.
    let device: String
    /// Virtual servers that are ours.
    let ours: [VirtualServerKey]
    /// How many leftovers may go; `nil` for any number.
    let removalGuard: RemovalGuard?

    /// - Parameter report: A sync, or the preview of one.
    package init(_ report: SyncReport, _ demand: DataPathDemand, removalGuard: RemovalGuard?) {
        foreign = report.plan.foreign
        ours = Array(report.plan.ledger.virtualServers.keys)
        served = Synchronizer.addresses(ours)
        bound = demand.settings.binding == .none ? [] : demand.addresses
        device = demand.settings.device
        // A single leftover looks like none.
        self.removalGuard = removalGuard.map { RemovalGuard(share: $0.share, minimum: 1) }
    }
}

/// Why a node was not taken over, or not as a whole: one line, with the remedy.
package struct TakeoverError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// The addresses of a network namespace with the devices of others: the kernel's, or some in memory.
package protocol LeftoverDevices: VIPTable {
    /// The device of that name with its addresses; `nil` when there is none, or it is ours.
    func otherDevice(named name: String) throws(NetlinkError) -> OtherDevice?

    /// Marks a dummy device as ours, and changes nothing else of it.
    func adoptDummy(named name: String) throws(NetlinkError)

    /// Removes a dummy device with every address on it. One that is gone already is as well.
    func removeDummy(named name: String) throws(NetlinkError)
}

extension VIPClient: LeftoverDevices {}
