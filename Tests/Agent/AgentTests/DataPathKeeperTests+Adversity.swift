// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import Glibc
import LoadBalancing
import NFTables
import Netlink
import NodeNetwork
import TestSupport
import Testing

@testable import Agent

// What goes, what comes back, and what fails.
extension DataPathKeeperTests {
    // MARK: - What is wanted no more

    /// Held virtual servers are served, and so are let in; then they go in one transaction, as a preview says.
    @Test func rulesStayAsLongAsTheirVirtualServers() throws {
        let keeper = keeper()
        pass(keeper, Self.demand(1, 2))
        let owned = Self.keys([Self.address(1), Self.address(2)])
        #expect(keeper.preview(Self.demand(), owned: owned).plan.firewall?.removedCount == 2)
        var report = keeper.prepare(Self.demand())
        keeper.finish(Self.demand(), owned: owned, &report)
        let services = Self.elements(1).union(Self.elements(2)).filter { $0.virtualServer != nil }
        #expect(firewall.observed?.elements.filter { $0.virtualServer != nil } == services)
        // Another run knows nothing of it, and finds the same.
        let again = self.keeper()
        report = again.prepare(Self.demand())
        again.finish(Self.demand(), owned: owned, &report)
        #expect(report.transactions == 0 && firewall.observed?.elements.isSuperset(of: services) == true)
        let preview = again.preview(Self.demand(), owned: [])
        report = pass(again, Self.demand())
        #expect(report.plan.firewall?.removedCount == 2 && preview.plan.firewall == report.plan.firewall)
        #expect(report.transactions == 2 && firewall.observed?.elements == [])
        #expect(try addresses() == [])
    }

    /// Somebody has flushed the table, or the settings have changed, while virtual servers drain or are held.
    @Test(arguments: [false, true]) func rulesThatWaitAreWrittenAnewWithTheRest(isRestarted: Bool) {
        var keeper = keeper()
        pass(keeper, Self.demand(1, 2))
        let owned = Self.keys([Self.address(1), Self.address(2)])
        if isRestarted { keeper = self.keeper() } else { firewall.observed = nil }
        let masquerading = DataPathSettings(firewall: FirewallSettings(masqueradesAll: isRestarted))
        if !isRestarted {
            // The first attempt fails.
            firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
            var failed = keeper.prepare(Self.demand(1, settings: masquerading))
            keeper.finish(Self.demand(1, settings: masquerading), owned: owned, &failed)
            #expect(failed.failures.map(\.part) == [.rules] && firewall.observed == nil)
        }
        var report = keeper.prepare(Self.demand(1, settings: masquerading))
        keeper.finish(Self.demand(1, settings: masquerading), owned: owned, &report)
        #expect(report.plan.firewallReason != nil && report.transactions == 1)
        let services = Self.elements(1).union(Self.elements(2)).filter { $0.virtualServer != nil }
        #expect(firewall.observed?.elements.filter { $0.virtualServer != nil } == services)
        // The address has its own transaction, once it has gone.
        report = pass(keeper, Self.demand(1, settings: masquerading))
        #expect(report.transactions == 2 && firewall.observed?.elements == Self.elements(1))
    }

    @Test func rulesOfARemovedServiceGoAfterItsVirtualServers() {
        let keeper = keeper()
        pass(keeper, Self.demand(1, 2))
        let change = DataPathChange(removed: Self.elements(2).filter { $0.virtualServer != nil })
        var report = keeper.prepare(change, DataPathSettings()) { Self.demand(1) }
        #expect(report.isEmpty && firewall.observed?.elements.isSuperset(of: change.removed) == true)
        keeper.finishChange(unless: { _ in true }, &report)
        #expect(report.isEmpty)
        keeper.finishChange(unless: { _ in false }, &report)
        #expect(report.transactions == 1 && firewall.observed?.elements.isDisjoint(with: change.removed) == true)
    }

    /// A Service that comes back otherwise before it has gone.
    @Test func whatComesBackTakesThePlaceOfWhatWaits() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        let key = VirtualServerKey("tcp 10.96.0.1:80")!
        let old = DataPathElement.service(key, ServiceTreatment(.outsidePods))
        let new = DataPathElement.service(key, ServiceTreatment(.always))
        _ = keeper.prepare(DataPathChange(removed: [old]), DataPathSettings()) { Self.demand(1) }
        var report = keeper.prepare(DataPathChange(added: [new]), DataPathSettings()) { Self.demand(1) }
        #expect(firewall.observed?.elements.filter { $0.virtualServer == key } == [new])
        keeper.finishChange(unless: { _ in false }, &report)
        #expect(report.transactions == 1 && report.failures.isEmpty)
    }

    // MARK: - Failures

    /// Without its rules, an address that only some may use would be open to all.
    @Test(arguments: [VIPBinding.address, .route]) func aRestrictedAddressWaitsForItsRules(binding: VIPBinding) throws {
        let key = VirtualServerKey("tcp 10.96.0.2:80")!
        let network = IPPrefix("10.96.0.2/31")!
        var demand = Self.demand(1, settings: DataPathSettings(binding: binding, serviceNetworks: [network]))
        demand.elements.formUnion([
            .address(Self.address(2)), .service(key, ServiceTreatment(.always)),
            .guarded(key, SourceList(.ipv4, [IPPrefix("192.0.2.0/24")!])),
        ])
        func taken() throws -> Set<IPAddress> {
            let observed = try self.network.read(device: "ipvsync0")
            return observed.addresses.union(observed.routes.map(\.address))
        }
        firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
        let keeper = keeper()
        let failures = pass(keeper, demand).failures
        #expect(failures.map(\.part) == [.rules, .addresses])
        #expect(failures.last?.message.hasPrefix("10.96.0.2 not taken: ") == true)
        #expect(try taken() == [Self.address(1)])
        // Another look at the addresses does not make it safe, nor does a preview make anything of it.
        #expect(keeper.preview(demand, owned: []).failures.isEmpty)
        var next = DataPathReport()
        keeper.finish(demand, owned: [], &next)
        #expect(try taken() == [Self.address(1)] && keeper.isBehind)
        #expect(pass(keeper, demand).failures.isEmpty)
        #expect(try taken() == [Self.address(1), Self.address(2)])
        // One that is served already stays.
        firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
        firewall.observed = nil
        #expect(pass(keeper, demand).failures.map(\.part) == [.rules])
        #expect(try taken() == [Self.address(1), Self.address(2)])
    }

    /// Without a look at the addresses nothing tells which are the node's own.
    @Test func withoutALookNoAddressBecomesOurs() throws {
        network.addForeignDevice("eth0")
        network.addForeignAddress(Self.address(1), to: "eth0")
        network.readError = NetlinkError(.dumpInterrupted, operation: "list addresses")
        let keeper = keeper()
        #expect(pass(keeper, Self.demand(1)).failures.map(\.part) == [.addresses])
        #expect(firewall.observed == nil && keeper.isBehind)
        network.readError = nil
        pass(keeper, Self.demand(1, 2))
        let before = firewall.observed
        network.readError = NetlinkError(.dumpInterrupted, operation: "list addresses")
        #expect(!pass(keeper, Self.demand(1, 2)).failures.isEmpty)
        #expect(firewall.observed == before && before?.elements.contains(.address(Self.address(1))) == false)
    }

    /// The rules that are known say nothing of a Service that came since.
    @Test func aRestrictedAddressWaitsForItsOwnRules() throws {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        var demand = Self.demand(1)
        for number in 2...3 {
            let key = VirtualServerKey("tcp 10.96.0.\(number):80")!
            demand.elements.formUnion([
                .address(Self.address(number)), .service(key, ServiceTreatment(.always)), .guarded(key, .none(.ipv4)),
            ])
        }
        network.addForeignDevice("eth0")
        var report = DataPathReport()
        keeper.finish(demand, owned: [], &report)
        #expect(report.failures.map(\.message).first?.hasPrefix("10.96.0.2 and 1 more not taken: ") == true)
        #expect(try addresses() == [Self.address(1)])
        // One that another device has answers without us.
        network.addForeignAddress(Self.address(2), to: "eth0")
        report = DataPathReport()
        keeper.finish(demand, owned: [], &report)
        #expect(report.failures.map(\.message).first?.hasPrefix("10.96.0.3 not taken: ") == true)
        #expect(report.plan.elsewhere == [Self.address(2): "eth0"])
    }

    /// What was given back is not ours any more, whatever becomes of the rest.
    @Test func whatCannotBeGivenBackStaysOnRecordAlone() throws {
        let (ignore, announce) = ("net/ipv4/conf/all/arp_ignore", "net/ipv4/conf/all/arp_announce")
        pass(keeper(), Self.demand(1, settings: DataPathSettings(strictARP: true)))
        #expect(sysctls[ignore] == "1" && sysctls[announce] == "2")
        sysctls[announce] = nil
        // A folder cannot be read.
        #expect(mkdir("\(sysctls.root)/\(announce)", 0o700) == 0)
        #expect(pass(keeper(), Self.demand(1)).failures.map(\.part) == [.sysctls])
        #expect(sysctls[ignore] == "0")
        sysctls[ignore] = "1"
        sysctls[announce] = nil
        sysctls[announce] = "2"
        #expect(pass(keeper(), Self.demand(1)).failures.isEmpty)
        #expect(sysctls[ignore] == "1" && sysctls[announce] == "0")
    }

    @Test func aRefusedChangeDoesNotForgetWhatWasBefore() throws {
        let key = "net/netfilter/nf_conntrack_max"
        func limited(_ maximum: UInt32) -> DataPathDemand {
            Self.demand(1, settings: DataPathSettings(conntrack: ConntrackLimits(maximum: maximum)))
        }
        pass(keeper(), limited(2_000))
        #expect(sysctls[key] == "2000")
        let blocked = self.keeper()
        // A number that nobody may write.
        sysctls[key] = nil
        #expect(symlink("/proc/sys/kernel/ngroups_max", "\(sysctls.root)/\(key)") == 0)
        #expect(pass(blocked, limited(70_000)).failures.map(\.part) == [.sysctls])
        sysctls[key] = nil
        sysctls[key] = "2000"
        #expect(keeper().cleanUp().failures.isEmpty && sysctls[key] == "1000")
    }

    @Test func flowsThatCouldNotBeForgottenAreForgottenLater() {
        let flows = (1...2).map { port in
            StaleFlow(
                .udp, virtualServer: Endpoint("10.96.0.1:\(port)")!, realServer: Endpoint("10.1.0.1:53")!)
        }
        let keeper = keeper()
        tracker.failure = NetlinkError(.timedOut, operation: "delete entries")
        var report = DataPathReport()
        keeper.forget([flows[0]], &report)
        #expect(report.failures.map(\.part) == [.conntrack] && keeper.isBehind)
        tracker.failure = nil
        keeper.forget([flows[1]], &report)
        #expect(tracker.deleted == Set(flows) && report.staleEntries == 2)
        keeper.forget([], &report)
        #expect(report.staleEntries == 2)
    }

    /// To look for what failed costs a look at every tracked connection: no step that looks at nothing else takes it.
    @Test func whatCouldNotBeForgottenWaitsForAWholePass() {
        let flow = StaleFlow(
            .udp, virtualServer: Endpoint("10.96.0.1:53")!, realServer: Endpoint("10.1.0.1:53")!)
        let keeper = keeper()
        tracker.failure = NetlinkError(.timedOut, operation: "delete entries")
        var report = DataPathReport()
        keeper.forget([flow], &report)
        tracker.failure = nil
        keeper.forget([], &report)
        #expect(tracker.deleted.isEmpty)
        report = pass(keeper, Self.demand(1))
        keeper.forget([], &report)
        #expect(tracker.deleted == [flow])
    }

    /// A program that fails may take its time each time.
    @Test func rulesThatFailedWaitForTheirNextTry() {
        let keeper = keeper()
        firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
        pass(keeper, Self.demand(1))
        let change = DataPathChange(added: [.hairpin(IPAddress("10.1.0.9")!)])
        let report = keeper.prepare(change, DataPathSettings(), retries: false) {
            Issue.record("everything is asked for")
            return Self.demand(1)
        }
        #expect(report.isEmpty && firewall.observed == nil && keeper.isBehind)
        _ = keeper.prepare(change, DataPathSettings(), retries: true) { Self.demand(1) }
        #expect(firewall.observed != nil)
    }

    // MARK: - Addresses by routes

    /// A virtual server that is held, or drains, at an address of its own: its other ports stay refused.
    @Test func anAddressWhoseRouteStaysIsRefusedAsBefore() throws {
        let settings = DataPathSettings(binding: .route, serviceNetworks: [IPPrefix("10.96.0.0/30")!])
        let keeper = keeper()
        // The second one lies outside the networks.
        pass(keeper, Self.demand(1, 9, settings: settings))
        let demand = Self.demand(1, settings: settings)
        for keeper in [keeper, self.keeper()] {
            pass(keeper, demand, inUse: [Self.address(9)])
            #expect(firewall.observed?.elements.contains(.address(Self.address(9))) == true)
            #expect(try network.read(device: "ipvsync0").bound == [Self.address(9)])
        }
        pass(keeper, demand)
        #expect(try network.read(device: "ipvsync0").bound == [])
        #expect(firewall.observed?.elements == Self.elements(1))
    }

    /// The second run has nothing to do, whatever the first one moved.
    @Test func aNetworkOfOneAddressAndAnotherBindingAreDoneAtOnce() throws {
        let one = DataPathSettings(binding: .route, serviceNetworks: [IPPrefix("10.96.0.7/32")!])
        let wide = DataPathSettings(binding: .route, serviceNetworks: [IPPrefix("10.96.0.0/24")!])
        for (before, after, settings) in [
            (Self.demand(1, settings: one), Self.demand(1, settings: one), one),
            (Self.demand(1, 2), Self.demand(1, settings: wide), wide),
            (Self.demand(1, 2), Self.demand(1, settings: one), one),
        ] {
            let keeper = keeper()
            pass(keeper, before)
            pass(keeper, after)
            let again = pass(keeper, after)
            #expect(again.isEmpty && firewall.observed?.elements == Self.elements(1), "\(settings)")
            #expect(keeper.cleanUp().failures.isEmpty)
        }
    }

    /// While it drains, an address may change its binding.
    @Test func anAddressThatLeavesStaysRefusedUnderAnotherBinding() throws {
        let keeper = keeper()
        let routed = DataPathSettings(binding: .route)
        pass(keeper, Self.demand(1, 2, settings: routed))
        for demand in [Self.demand(1), Self.demand(1, settings: routed)] {
            pass(keeper, demand, inUse: [Self.address(2)])
            #expect(try network.read(device: "ipvsync0").bound == [Self.address(1), Self.address(2)])
            #expect(firewall.observed?.elements.contains(.address(Self.address(2))) == true)
        }
    }

    /// Somebody has flushed the table before: nothing of it may come back.
    @Test func aCleanUpMakesNoTable() throws {
        let keeper = keeper()
        pass(keeper, Self.demand(1, settings: DataPathSettings(binding: .route)))
        firewall.observed = nil
        #expect(keeper.cleanUp().failures.isEmpty && firewall.observed == nil)
    }

    /// An address that changes its binding answers all the time, and is refused on other ports all the time.
    @Test func anotherBindingKeepsTheRulesOfItsAddresses() throws {
        let keeper = keeper()
        let bindings: [VIPBinding] = [.address, .route, .address]
        for binding in bindings {
            let report = pass(keeper, Self.demand(1, settings: DataPathSettings(binding: binding)))
            #expect(report.failures.isEmpty && firewall.observed?.elements == Self.elements(1))
            #expect(try network.read(device: "ipvsync0").bound == [Self.address(1)])
        }
    }
}
