internal import DataPath
internal import LoadBalancing
internal import NFTables
internal import NodeNetwork

extension DataPathKeeper {
    /// The rules that are wanted; `nil` when somebody else keeps them.
    func wantedRules(_ demand: DataPathDemand) -> FirewallState? {
        guard let rules = demand.settings.rules else { return nil }
        let own = ownAddresses(demand)
        let elements = demand.elements.filter { element in element.boundAddress.map { own.contains($0) } ?? true }
        return FirewallState(settings: rules, elements: elements.union(own.map(DataPathElement.address)))
    }

    /// The addresses that are here for Services alone: at all others, the host's own servers may be reached.
    private func ownAddresses(_ demand: DataPathDemand) -> Set<IPAddress> {
        guard demand.settings.binding != .none else { return [] }
        let wanted = demand.addresses.filter { isFree($0) || observed?.addresses.contains($0) == true }
        // What is still bound stays refused until it has gone.
        return demand.settings.binding == .address ? wanted.union(observed?.addresses ?? []) : wanted
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
    func planRules(_ state: FirewallState, _ report: inout DataPathReport) {
        do throws(NFTablesError) {
            let difference = try difference(to: state)
            guard !difference.isEmpty else { return }
            if case .replacement(let reason) = difference { report.plan.firewallReason = reason }
            report.plan.firewall = difference.transaction(to: state)
        } catch {
            report.fail(.rules, error.description)
        }
    }

    private func difference(to state: FirewallState) throws(NFTablesError) -> FirewallDifference {
        if let known, let generation, firewall.generation() == generation, known.settings == state.settings {
            guard known != state else { return .changes(added: [], removed: []) }
            return .changes(
                added: Array(state.elements.subtracting(known.elements)),
                removed: Array(known.elements.subtracting(state.elements)))
        }
        let before = firewall.generation()
        let difference = FirewallDifference.between(state, try firewall.read())
        if difference.isEmpty {
            known = state
            generation = firewall.generation() == before ? before : nil
        }
        return difference
    }

    /// Plans the end of rules that are no longer wanted.
    func planNoRules(_ report: inout DataPathReport) {
        guard !rulesAreGone else { return }
        do throws(NFTablesError) {
            if try firewall.read() != nil { report.plan.firewall = .removal }
        } catch {
            // Whoever wants no rules need not have the program for them.
        }
    }

    /// Carries out what is planned for the end of rules.
    func commitNoRules(_ report: inout DataPathReport) {
        known = nil
        if let transaction = report.plan.firewall {
            do throws(NFTablesError) {
                try commit(transaction, &report)
            } catch {
                report.plan.firewall = nil
                report.fail(.rules, error.description)
                return
            }
        }
        rulesAreGone = true
    }

    /// Carries out a change of the rules as they are known.
    func commit(_ change: DataPathChange, _ report: inout DataPathReport) {
        // Taken out, for the change must not copy all of it.
        guard !change.isEmpty, var state = known else { return }
        known = nil
        state.apply(change)
        report.plan.firewall = .changing(added: change.added, removed: change.removed)
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
            rulesAreGone = false
        } catch {
            known = nil
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
