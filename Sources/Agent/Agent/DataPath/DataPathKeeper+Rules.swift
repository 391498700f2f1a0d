internal import DataPath
internal import LoadBalancing
internal import NFTables
internal import NodeNetwork

extension DataPathKeeper {
    /// Makes the rules what they should be, but for those of virtual servers that are wanted no more: see ``gone``.
    func prepareRules(_ demand: DataPathDemand, _ report: inout DataPathReport) {
        gone = []
        guard demand.settings.rules != nil else {
            planNoRules(&report)
            commitNoRules(&report)
            return
        }
        guard var state = wantedRules(demand) else { return }
        planRules(&state, keeping: { _ in true }, &report)
        commitRules(state, &report)
    }

    /// The rules that are wanted; `nil` when somebody else keeps them, or nothing is known of the addresses.
    func wantedRules(_ demand: DataPathDemand) -> FirewallState? {
        guard let rules = demand.settings.rules, let own = ownAddresses(demand) else { return nil }
        let elements = demand.elements.filter { element in element.boundAddress.map { own.contains($0) } ?? true }
        return FirewallState(settings: rules, elements: elements.union(own.map(DataPathElement.address)))
    }

    /// The addresses that are here for Services alone: at all others, the host's own servers may be reached. Without a
    /// look, those that were so before; `nil` when that is not known either.
    private func ownAddresses(_ demand: DataPathDemand) -> Set<IPAddress>? {
        guard demand.settings.binding != .none else { return [] }
        guard observed != nil else { return known.map { Set($0.elements.lazy.compactMap(\.boundAddress)) } }
        let wanted = demand.addresses.filter(isFree)
        // What is still bound stays refused until it has gone. Of networks, the rules know as a whole.
        let networks = demand.settings.binding == .route ? demand.settings.serviceNetworks : []
        let bound = observed?.bound.filter { address in
            isFree(address) && !networks.contains { $0.contains(address) }
        }
        return wanted.union(bound ?? [])
    }

    /// Whether no other device has the address, but for those that are taken over.
    func isFree(_ address: IPAddress) -> Bool {
        observed?.elsewhere[address].map { isTakenOver($0) } ?? true
    }

    /// Whether a device's addresses are those of Services, left there by another proxy or another configuration.
    func isTakenOver(_ device: String) -> Bool {
        Self.takenOver.contains(device) || record?.formerDevices.contains(device) == true
    }

    /// Plans the way from the rules that are there, which are looked at unless they are known.
    ///
    /// - Parameters:
    ///   - state: What is wanted; then what the plan makes.
    ///   - keeping: For which of the virtual servers that are wanted no more rules stay for now.
    func planRules(
        _ state: inout FirewallState, keeping: (VirtualServerKey) -> Bool, _ report: inout DataPathReport
    ) {
        do throws(NFTablesError) {
            let difference = try difference(to: &state, keeping)
            guard !difference.isEmpty else { return }
            if case .replacement(let reason) = difference { report.plan.firewallReason = reason }
            report.plan.firewall = difference.transaction(to: state)
        } catch {
            report.fail(.rules, error.description)
        }
    }

    private func difference(
        to state: inout FirewallState, _ keeping: (VirtualServerKey) -> Bool
    ) throws(NFTablesError) -> FirewallDifference {
        // The numbers begin anew with the module, and the table is gone then.
        if let known, let generation, firewall.generation() == generation, known.settings == state.settings,
            try firewall.isThere()
        {
            guard known != state else { return .changes(added: [], removed: []) }
            keep(known.elements, keeping, &state)
            return .changes(
                added: Array(state.elements.subtracting(known.elements)),
                removed: Array(known.elements.subtracting(state.elements)))
        }
        let before = firewall.generation()
        let observed = try firewall.read()
        keep(known?.elements ?? refused ?? observed?.elements ?? [], keeping, &state)
        let difference = FirewallDifference.between(state, observed)
        if difference.isEmpty {
            known = state
            generation = firewall.generation() == before ? before : nil
        }
        return difference
    }

    /// Takes into what is wanted those elements of before that are about some virtual servers that are wanted no more.
    private func keep(
        _ before: Set<DataPathElement>, _ keeping: (VirtualServerKey) -> Bool, _ state: inout FirewallState
    ) {
        let others = before.subtracting(state.elements)
        guard !others.isEmpty else { return }
        let wanted = Set(state.elements.lazy.compactMap(\.servedKey))
        gone = others.filter { $0.virtualServer.map { !wanted.contains($0) && keeping($0) } ?? false }
        gone.formUnion(gone.compactMap(\.neededSources).filter(others.contains))
        state.apply(DataPathChange(added: gone))
    }

    /// What of a change is made at once, and what waits in ``gone``.
    func split(_ change: DataPathChange) -> DataPathChange {
        let coming = Set(change.added.lazy.compactMap(\.servedKey))
        let going = Set(change.removed.lazy.compactMap(\.servedKey)).subtracting(coming)
        var now = change
        // What comes back may come back otherwise.
        let back = gone.filter { $0.virtualServer.map(coming.contains) ?? false }
        now.removed.formUnion(back.subtracting(change.added))
        let later = now.removed.filter { $0.virtualServer.map(going.contains) ?? false }
        now.removed.subtract(later)
        gone = gone.subtracting(back).union(later)
        // Lists of sources stay as long as what they guard.
        let needed = Set(gone.lazy.compactMap(\.neededSources))
        gone.formUnion(now.removed.intersection(needed))
        now.removed.subtract(needed)
        gone.subtract(change.added)
        let free = takeUnneededSources()
        now.removed.formUnion(free.subtracting(change.added))
        // A list that guards nothing is not there, such as one whose virtual servers a file declares otherwise.
        if let known {
            now.removed = now.removed.filter { $0.virtualServer != nil || known.elements.contains($0) }
        }
        return now
    }

    /// Takes the lists of sources out of ``gone`` that guard nothing there any more.
    private func takeUnneededSources() -> Set<DataPathElement> {
        let needed = Set(gone.lazy.compactMap(\.neededSources))
        let free = gone.filter { element in
            guard case .sources = element else { return false }
            return !needed.contains(element)
        }
        gone.subtract(free)
        return free
    }

    /// Removes the rules of virtual servers that are wanted no more and are no longer there: while they drain, or their
    /// removal is held back, they stay.
    ///
    /// - Parameter owns: Whether a virtual server is ours, and so still there.
    func removeGone(unless owns: (VirtualServerKey) -> Bool, _ report: inout DataPathReport) {
        guard !gone.isEmpty, let known else { return }
        var stale = gone.filter { $0.virtualServer.map { !owns($0) } ?? false }
        guard !stale.isEmpty else { return }
        gone.subtract(stale)
        stale.formUnion(takeUnneededSources())
        commitMore(DataPathChange(removed: stale.intersection(known.elements)), &report)
    }

    /// Carries out a change beside one that was made in the same pass.
    func commitMore(_ change: DataPathChange, _ report: inout DataPathReport) {
        guard !change.isEmpty, known != nil else { return }
        let first = report.plan.firewall
        commit(change, &report)
        report.plan.firewall = first.map { $0.followed(by: report.plan.firewall) } ?? report.plan.firewall
    }

    /// Plans the end of rules that are no longer wanted. Whoever wants none need not have the program for them.
    ///
    /// - Parameter keepsConnections: Whether connections that were masqueraded stay until they end.
    func planNoRules(keepsConnections: Bool = true, _ report: inout DataPathReport) {
        if !rulesAreGone {
            do throws(NFTablesError) {
                if try firewall.isThere() { report.plan.firewall = .removal } else { rulesAreGone = true }
            } catch {
                report.fail(.rules, error.description)
            }
        }
        planTracking(keepsConnections: keepsConnections, &report)
    }

    /// Carries out what is planned for the end of rules.
    func commitNoRules(_ report: inout DataPathReport) {
        known = nil
        refused = nil
        applyTracking(&report)
        guard let transaction = report.plan.firewall else { return }
        do throws(NFTablesError) {
            try commit(transaction, &report)
            rulesAreGone = true
        } catch {
            report.plan.firewall = nil
            report.fail(.rules, error.description)
        }
    }

    /// Carries out a change of the rules as they are known.
    func commit(_ change: DataPathChange, _ report: inout DataPathReport) {
        let transaction = FirewallTransaction.changing(added: change.added, removed: change.removed)
        // Taken out, for the change must not copy all of it.
        guard !transaction.isEmpty, var state = known else { return }
        known = nil
        state.apply(change)
        report.plan.firewall = transaction
        commitRules(state, &report)
    }

    /// Carries out what is planned; a change that the table does not take is followed by a replacement.
    func commitRules(_ state: FirewallState, _ report: inout DataPathReport) {
        guard let transaction = report.plan.firewall, !transaction.isEmpty else { return }
        do throws(NFTablesError) {
            do throws(NFTablesError) {
                try commit(transaction, &report)
            } catch {
                guard case .changes = transaction.content else { throw error }
                report.plan.firewallReason = error.description
                report.plan.firewall = .replacing(with: state)
                try commit(.replacing(with: state), &report)
            }
            known = state
            refused = nil
            rulesAreGone = false
        } catch {
            known = nil
            refused = state.elements
            generation = nil
            report.plan.firewall = nil
            report.fail(.rules, error.description)
        }
    }

    private func commit(_ transaction: FirewallTransaction, _ report: inout DataPathReport) throws(NFTablesError) {
        let before = firewall.generation()
        let count = try firewall.commit(transaction)
        report.transactions += count
        let after = firewall.generation()
        // Only an unbroken row of our own transactions tells that nobody else has changed anything.
        let isReplacement = if case .replacement = transaction.content { true } else { false }
        let isUnbroken = isReplacement || before == generation
        generation = isUnbroken && before != nil && after == before.map({ $0 &+ UInt32(count) }) ? after : nil
    }
}

extension DataPathElement {
    /// The virtual server that it lets in.
    fileprivate var servedKey: VirtualServerKey? {
        guard case .service(let key, _) = self else { return nil }
        return key
    }
}
