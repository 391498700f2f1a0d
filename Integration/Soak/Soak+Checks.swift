import Agent
import Configuration
import IPVS
import KubernetesAPI
import KubernetesObjects
import LoadBalancing
import Netlink
import Reconcile

extension Soak {
    /// Longer than any retry, then any drain, then a turn of the audit.
    private static let horizon = Duration.seconds(60 + SoakFiles.longestDrain + 10 + 150)

    /// Has everything go well until nothing is left to do, and looks whether the kernel is as it should be.
    ///
    /// - Parameter readsText: Whether ipvsadm is asked too.
    func settle(readsText: Bool) throws(ScenarioFailure) {
        figures.count("settle")
        node.transport.rate = 0
        node.transport.interlude = nil
        try disk.free()
        // One that is to be killed is killed now.
        if node.transport.remainingRequests != nil { try restart() }
        try listenToAll()
        noteWanted()
        let end = clock.now + Self.horizon
        while node.loop.due <= end {
            clock.advance(to: node.loop.due)
            note(node.step())
        }
        clock.advance(to: end)
        try expectEqual(node.loop.refused, [], "what the kernel refuses")
        try checkSources()
        try checkKernel(readsText: readsText)
    }

    private func listenToAll() throws(ScenarioFailure) {
        for _ in 0..<200 {
            node.listen(rate: 0)
            if node.isCurrent { return }
            clock.advance(.seconds(1))
        }
        throw ScenarioFailure("the feeds never come to know all")
    }

    // MARK: - Checks

    /// What is wanted is what the files and the objects that can be read give, begun from nothing.
    private func checkSources() throws(ScenarioFailure) {
        for (identity, object) in server.objects where object.isReadable {
            try expect(node.known[identity] == object.object, "\(identity) is not known as it is")
        }
        for identity in node.known.keys { try expect(server.objects[identity] != nil, "\(identity) is no more") }
        var fresh = AgentState(Declaration(files.configuration), node: SoakObjects.node)
        for kind in SoakServer.kinds {
            let objects = node.known.filter { $0.key.kind == kind }.map(\.value)
            _ = fresh.apply([.replaced(kind: kind, objects, unreadable: [])])
        }
        try expectEqual(
            lines(node.state.desired.virtualServers), lines(fresh.desired.virtualServers), "what is wanted")
        try expect(node.state.desired == fresh.desired, "what is wanted differs in what ipvsadm does not show")
    }

    /// The kernel has what is wanted and what is foreign; the ledger has what is wanted.
    private func checkKernel(readsText: Bool) throws(ScenarioFailure) {
        let (observed, ledger) = try look()
        let wanted = node.state.desired.virtualServers.map {
            DesiredVirtualServer($0.virtualServer, realServers: $0.realServers)
        }
        // What was wanted for a moment only may never have been taken over.
        for key in ceded where !wanted.contains(where: { $0.key == key }) && !ledger.owns(key) {
            if let left = observed.virtualServers.first(where: { $0.key == key }) { intruder.retain(left) }
        }
        ceded = []
        let expected = (wanted + intruder.foreign.values).sorted { $0.key < $1.key }
        try expectEqual(lines(observed.virtualServers), lines(expected), "the kernel's table")
        try expect(observed.virtualServers == expected, "the kernel's table differs in what ipvsadm does not show")
        try expectEqual(
            ledger.virtualServers.keys.sorted().map(\.description), wanted.map(\.key.description), "the ledger")
        try expect(ledger.drains.isEmpty, "drains that are none: \(ledger.drains)")
        if let timeouts = node.state.desired.timeouts {
            try expect(timeouts.tcp == nil || timeouts.tcp == observed.timeouts?.tcp, "the timeouts")
            try expect(timeouts.udp == nil || timeouts.udp == observed.timeouts?.udp, "the timeouts")
        }
        figures.count("virtual server that was checked", expected.count)
        figures.count("real server that was checked", expected.reduce(0) { $0 + $1.realServers.count })
        if readsText { try checkText(expected) }
    }

    private func look() throws(ScenarioFailure) -> (DesiredState, Ledger) {
        do {
            return (DesiredState(try observer.state()), try store.load().ledger)
        } catch {
            throw ScenarioFailure("the kernel or the ledger cannot be read: \(error)")
        }
    }

    /// The same by ipvsadm, which shows less.
    private func checkText(_ expected: [DesiredVirtualServer]) throws(ScenarioFailure) {
        figures.count("table that was checked by ipvsadm")
        let dump = try context.ipvsadm("-Sn").output
        let found: [DesiredVirtualServer]
        do throws(ConfigurationErrors) {
            found = try IpvsadmRules.parse(dump, file: "ipvsadm").state.virtualServers
        } catch {
            throw ScenarioFailure("\(error)\n\(dump)")
        }
        try expectEqual(bare(found), bare(expected), "the table by ipvsadm")
    }

    private func lines(_ servers: [DesiredVirtualServer]) -> [String] {
        IpvsadmExport(DesiredState(virtualServers: servers)).rules.split(separator: "\n").map(String.init)
    }

    /// Without thresholds, which ipvsadm does not save.
    private func bare(_ servers: [DesiredVirtualServer]) -> [String] {
        servers.flatMap { server in
            ["\(server.key) \(server.virtualServer.scheduler.name)"]
                + server.realServers.map { "\(server.key) \($0.endpoint) \($0.weight)" }
        }.sorted()
    }
}
