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

/// What a node is given beside IPVS, over a firewall, a network and settings that are the test's own.
@Suite struct DataPathKeeperTests {
    let firewall = InMemoryFirewall()
    let network = InMemoryNetwork()
    let sysctls: TemporarySysctls
    let state: TemporaryState
    let tracker = Tracker()
    let hold = Hold()

    final class Tracker: ConnectionTracker {
        var deleted: Set<StaleFlow> = []
        var failure: NetlinkError?
        func deleteEntries(_ flows: Set<StaleFlow>) throws(NetlinkError) -> Int {
            if let failure { throw failure }
            deleted.formUnion(flows)
            return flows.count
        }
        var masqueraded = 0
        func translatedConnections() throws(NetlinkError) -> Int {
            if let failure { throw failure }
            return masqueraded
        }
    }

    /// A table that keeps tracking on, or cannot be made.
    final class Hold: TrackingHold {
        var isThere = false
        var failure: NFTablesError?
        func isHeld() -> Bool { isThere }
        func hold() throws(NFTablesError) {
            if let failure { throw failure }
            isThere = true
        }
        func release() { isThere = false }
    }

    init() throws {
        sysctls = try TemporarySysctls()
        state = try TemporaryState()
    }

    func keeper() -> DataPathKeeper {
        DataPathKeeper(
            firewall: firewall, vips: network, sysctls: Sysctls(root: sysctls.root), tracker: tracker,
            tracking: hold, store: state.store.networkRecord, kernel: KernelVersion(release: "6.1.0"))
    }

    static func address(_ number: Int) -> IPAddress { IPAddress("10.96.0.\(number)")! }

    static func elements(_ number: Int) -> Set<DataPathElement> {
        [
            .address(address(number)),
            .service(VirtualServerKey("tcp 10.96.0.\(number):80")!, ServiceTreatment(.outsidePods)),
            .hairpin(IPAddress("10.1.0.\(number)")!),
        ]
    }

    static func demand(_ numbers: Int..., settings: DataPathSettings = DataPathSettings()) -> DataPathDemand {
        DataPathDemand(settings: settings, elements: numbers.reduce(into: []) { $0.formUnion(elements($1)) })
    }

    /// Both halves of a pass, with nothing in use beyond what is wanted.
    @discardableResult
    func pass(
        _ keeper: DataPathKeeper, _ demand: DataPathDemand, inUse: Set<IPAddress> = []
    ) -> DataPathReport {
        var report = keeper.prepare(demand)
        keeper.finish(demand, owned: Self.keys(inUse), &report)
        return report
    }

    static func keys(_ addresses: Set<IPAddress>) -> Set<VirtualServerKey> {
        Set(addresses.map { .endpoint(.tcp, Endpoint($0, port: 80)) })
    }

    func addresses() throws -> Set<IPAddress> { try network.read(device: "ipvsync0").addresses }

    @Test func everythingIsMadeOnceAndThenLeftAlone() throws {
        let keeper = keeper()
        let report = pass(keeper, Self.demand(1, 2))
        #expect(report.failures.isEmpty)
        #expect(
            report.plan.sysctls.map(\.key).sorted() == [
                "net/ipv4/vs/conntrack", "net/ipv4/vs/expire_nodest_conn", "net/ipv4/vs/expire_quiescent_template",
            ])
        #expect(sysctls["net/ipv4/vs/conntrack"] == "1" && sysctls["net/ipv6/conf/all/forwarding"] == "0")
        #expect(try addresses() == [Self.address(1), Self.address(2)])
        #expect(firewall.observed?.elements == Self.elements(1).union(Self.elements(2)))
        let reads = firewall.readCount
        #expect(pass(keeper, Self.demand(1, 2)).isEmpty)
        // The number of the last transaction tells that nobody has changed anything.
        #expect(firewall.readCount == reads && firewall.committed.count == 1)
    }

    /// Limits are raised and never lowered; a time is what it shall be; all of it is given back.
    @Test func theLimitsOfTrackingAreKept() {
        let established = "net/netfilter/nf_conntrack_tcp_timeout_established"
        let limits = ConntrackLimits(maximum: 900, maximumPerCore: 2_000, tcpEstablished: 86_400)
        pass(keeper(), Self.demand(1, settings: DataPathSettings(conntrack: limits)))
        let raised = max(900, 2_000 * sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        #expect(sysctls["net/netfilter/nf_conntrack_max"] == "\(raised)" && sysctls[established] == "86400")
        #expect(sysctls["net/netfilter/nf_conntrack_tcp_timeout_close_wait"] == "60")
        #expect(
            Int(sysctls["net/netfilter/nf_conntrack_buckets"] ?? "").map { $0 >= raised / 4 && $0 % 8_192 == 0 } == true
        )
        #expect(keeper().cleanUp().failures.isEmpty)
        #expect(sysctls["net/netfilter/nf_conntrack_max"] == "1000" && sysctls[established] == "432000")
        pass(keeper(), Self.demand(1, settings: DataPathSettings(conntrack: ConntrackLimits(maximum: 900))))
        #expect(sysctls["net/netfilter/nf_conntrack_max"] == "1000")
    }

    @Test(
        arguments: [
            (ConntrackLimits(), 4, nil), (ConntrackLimits(maximum: 10), 4, 10),
            (ConntrackLimits(maximumPerCore: 10), 4, 40),
            (ConntrackLimits(maximum: 50, maximumPerCore: 10), 4, 50), (ConntrackLimits(maximumPerCore: 10), -1, 10),
            (ConntrackLimits(maximumPerCore: .max), 64, Int(Int32.max)),
        ] as [(ConntrackLimits, Int, Int?)])
    func theLeastOfTrackedConnections(_ limits: ConntrackLimits, _ cores: Int, _ expected: Int?) {
        #expect(limits.minimum(cores: cores) == expected)
    }

    @Test func anotherRunFindsNothingToDo() {
        pass(keeper(), Self.demand(1))
        let again = keeper()
        #expect(again.preview(Self.demand(1), owned: []).isEmpty)
        #expect(pass(again, Self.demand(1)).isEmpty)
        #expect(firewall.committed.count == 1)
    }

    @Test func aPreviewSaysWhatAPassDoes() {
        let preview = keeper().preview(Self.demand(1), owned: [])
        #expect(firewall.committed.isEmpty && network.operations.isEmpty && sysctls["net/ipv4/vs/conntrack"] == "0")
        #expect(pass(keeper(), Self.demand(1)).plan == preview.plan)
    }

    @Test func aChangeIsOneTransactionOfItsElements() {
        let keeper = keeper()
        pass(keeper, Self.demand(1, 2))
        let (reads, looks) = (firewall.readCount, network.readCount)
        let change = DataPathChange(
            added: [.hairpin(IPAddress("10.1.0.9")!)], removed: [.hairpin(IPAddress("10.1.0.1")!)])
        let report = keeper.prepare(change, DataPathSettings()) {
            Issue.record("everything is asked for")
            return Self.demand(1, 2)
        }
        #expect(report.transactions == 1 && report.failures.isEmpty)
        #expect(
            firewall.committed.last?.content
                == .changes(removed: [.hairpin(IPAddress("10.1.0.1")!)], added: [.hairpin(IPAddress("10.1.0.9")!)]))
        #expect(firewall.readCount == reads && network.readCount == looks)
    }

    @Test func anAddressStaysWhileItsVirtualServerDoes() throws {
        let keeper = keeper()
        pass(keeper, Self.demand(1, 2))
        pass(keeper, Self.demand(1), inUse: [Self.address(1), Self.address(2)])
        #expect(try addresses() == [Self.address(1), Self.address(2)])
        #expect(keeper.places.leaving == [Self.address(2)])
        // Its real servers have weight 0: IPVS itself lets nothing new in.
        let kept = Self.elements(2).filter { $0 != .hairpin(IPAddress("10.1.0.2")!) }
        #expect(firewall.observed?.elements == Self.elements(1).union(kept))
        pass(keeper, Self.demand(1), inUse: [Self.address(1)])
        #expect(try addresses() == [Self.address(1)])
        #expect(keeper.places.leaving.isEmpty)
        #expect(firewall.observed?.elements == Self.elements(1))
    }

    @Test func anAddressOfAnotherDeviceIsLeftAloneWithItsPorts() throws {
        network.addForeignDevice("eth0")
        network.addForeignAddress(Self.address(1), to: "eth0")
        let report = pass(keeper(), Self.demand(1, 2))
        #expect(report.plan.elsewhere == [Self.address(1): "eth0"])
        #expect(try addresses() == [Self.address(2)])
        #expect(firewall.observed?.elements.contains(.address(Self.address(1))) == false)
    }

    @Test func addressesOfTheProxyBeforeAreTakenOver() throws {
        network.addForeignDevice("kube-ipvs0")
        network.addForeignAddress(Self.address(1), to: "kube-ipvs0")
        let report = pass(keeper(), Self.demand(1))
        #expect(report.plan.elsewhere.isEmpty)
        #expect(try addresses() == [Self.address(1)])
        #expect(firewall.observed?.elements == Self.elements(1))
    }

    @Test func whatOthersChangeIsFoundAndRepaired() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        firewall.observed?.elements.remove(.hairpin(IPAddress("10.1.0.1")!))
        sysctls["net/ipv4/vs/conntrack"] = "0"
        let report = pass(keeper, Self.demand(1))
        #expect(report.plan.sysctls.count == 1 && report.plan.firewall?.addedCount == 1)
        #expect(firewall.observed?.elements == Self.elements(1))
        firewall.observed = nil
        #expect(pass(keeper, Self.demand(1)).plan.firewallReason == "there is no table inet ipvsync")
        #expect(firewall.observed?.elements == Self.elements(1))
    }

    @Test func aChangeThatTheTableDoesNotTakeIsFollowedByAReplacement() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        firewall.nextFailure = NFTablesError(operation: "change", message: "no such element")
        let change = DataPathChange(added: [.hairpin(IPAddress("10.1.0.9")!)])
        let report = keeper.prepare(change, DataPathSettings()) { Self.demand(1) }
        #expect(report.failures.isEmpty && report.transactions == 1)
        #expect(firewall.observed?.elements == Self.elements(1).union(change.added))
    }

    @Test func whatFailsIsToldAndTriedAgain() throws {
        network.refusals = [.createDevice: 1]
        firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
        let keeper = keeper()
        let report = pass(keeper, Self.demand(1))
        #expect(Set(report.failures.map(\.part)) == [.rules, .addresses])
        #expect(keeper.isBehind)
        network.refusals = [:]
        let change = DataPathChange(added: [.hairpin(IPAddress("10.1.0.9")!)])
        var next = keeper.prepare(change, DataPathSettings()) { Self.demand(1) }
        keeper.finish(Self.demand(1), owned: [], &next)
        #expect(next.failures.isEmpty && !keeper.isBehind)
        #expect(try addresses() == [Self.address(1)])
        #expect(firewall.observed?.elements == Self.elements(1))
    }

    @Test func cleaningUpGivesBackWhatWasBefore() throws {
        pass(keeper(), Self.demand(1))
        pass(keeper(), Self.demand(1, settings: DataPathSettings(strictARP: true)))
        // Somebody else has changed this one since.
        sysctls["net/ipv4/vs/expire_nodest_conn"] = "2"
        network.addForeignDevice("eth0")
        network.addForeignAddress(Self.address(7), to: "eth0")
        let preview = keeper().previewCleanUp()
        let report = keeper().cleanUp()
        #expect(report.plan == preview.plan && report.failures.isEmpty)
        #expect(sysctls["net/ipv4/vs/conntrack"] == "0" && sysctls["net/ipv4/conf/all/arp_announce"] == "0")
        #expect(sysctls["net/ipv4/vs/expire_nodest_conn"] == "2" && sysctls["net/ipv4/ip_forward"] == "1")
        #expect(firewall.observed == nil)
        let left = try network.read(device: "ipvsync0")
        #expect(left.device == .missing && left.elsewhere[Self.address(7)] == "eth0")
        #expect(keeper().cleanUp().isEmpty && keeper().retire() == nil)
    }

    @Test func whatIsNoLongerWantedGoes() throws {
        pass(keeper(), Self.demand(1))
        let again = keeper()
        pass(again, Self.demand(1, settings: DataPathSettings(firewall: nil)))
        #expect(firewall.observed == nil)
        pass(again, Self.demand(1))
        #expect(firewall.observed?.elements == Self.elements(1))
        #expect(again.retire()?.failures.isEmpty == true)
        #expect(firewall.observed == nil)
        #expect(try network.read(device: "ipvsync0").device == .missing)
    }

    @Test func routesCoverNetworksAndWhatLiesOutside() throws {
        let settings = DataPathSettings(binding: .route, serviceNetworks: [IPPrefix("10.96.0.0/30")!])
        pass(keeper(), Self.demand(1, 9, settings: settings))
        let observed = try network.read(device: "ipvsync0")
        #expect(observed.routes == [IPPrefix("10.96.0.0/30")!, IPPrefix("10.96.0.9/32")!])
        #expect(observed.device == .missing)
        #expect(firewall.observed?.isIntact(under: settings.rules!) == true)
        #expect(settings.rules?.servedNetworks == settings.serviceNetworks)
    }

    @Test func aRouteStaysAsLongAsItsVirtualServers() throws {
        let settings = DataPathSettings(binding: .route, serviceNetworks: [IPPrefix("10.96.0.0/30")!])
        let (keeper, single) = (keeper(), IPPrefix("10.96.0.9/32")!)
        pass(keeper, Self.demand(1, 9, settings: settings))
        pass(keeper, Self.demand(1, settings: settings), inUse: [Self.address(1), Self.address(9)])
        #expect(
            try network.read(device: "ipvsync0").routes.contains(single) && keeper.places.leaving == [Self.address(9)])
        pass(keeper, Self.demand(1, settings: settings), inUse: [Self.address(1)])
        #expect(try !network.read(device: "ipvsync0").routes.contains(single) && keeper.places.leaving.isEmpty)
    }

    /// As keepalived moves one: what the host serves there itself is not refused.
    @Test func anAddressThatAnotherDeviceGetsIsNoLongerOurs() throws {
        let keeper = keeper()
        pass(keeper, Self.demand(1, 2))
        network.addForeignDevice("eth0")
        network.addForeignAddress(Self.address(2), to: "eth0")
        let report = pass(keeper, Self.demand(1, 2), inUse: [Self.address(1), Self.address(2)])
        #expect(report.plan.addresses == [.removeAddress(Self.address(2))])
        #expect(try addresses() == [Self.address(1)])
        #expect(firewall.observed?.elements.contains(.address(Self.address(2))) == false)
        network.removeForeignAddress(Self.address(2), from: "eth0")
        #expect(pass(keeper, Self.demand(1, 2)).plan.addresses == [.addAddress(Self.address(2))])
    }

    @Test func anotherDeviceTakesTheAddressesBeforeTheFirstGoes() throws {
        pass(keeper(), Self.demand(1))
        let other = Self.demand(1, 2, settings: DataPathSettings(device: "vips1"))
        let report = pass(keeper(), other)
        #expect(report.failures.isEmpty && report.plan.elsewhere.isEmpty)
        #expect(try network.read(device: "vips1").addresses == [Self.address(1), Self.address(2)])
        #expect(try network.read(device: "ipvsync0").device == .missing)
        #expect(try network.read(device: "ipvsync0").elsewhere[Self.address(1)] == "vips1")
        #expect(try state.store.networkRecord.load()?.formerDevices == [])
        // The addresses come before the device goes.
        let added = network.operations.lastIndex(of: .addAddress(Self.address(1)))!
        #expect(added < network.operations.lastIndex(of: .removeDevice)!)
    }

    @Test func aFormerDeviceThatIsStillThereGoesWithTheRest() throws {
        pass(keeper(), Self.demand(1))
        network.refusals = [.removeDevice: 1]
        let report = pass(keeper(), Self.demand(1, settings: DataPathSettings(device: "vips1")))
        #expect(report.failures.map(\.part) == [.addresses])
        network.refusals = [:]
        #expect(keeper().cleanUp().failures.isEmpty)
        #expect(try network.read(device: "ipvsync0").device == .missing)
        #expect(try network.read(device: "vips1").device == .missing)
    }

    @Test func conntrackForgetsFlows() {
        let flow = StaleFlow(
            .udp, virtualServer: Endpoint("10.96.0.1:53")!, realServer: Endpoint("10.1.0.1:53")!)
        var report = DataPathReport()
        keeper().forget([flow], &report)
        #expect(tracker.deleted == [flow] && report.staleEntries == 1)
    }

    @Test(arguments: ["", "ipvsync network 1\tboot\t1\n", "nonsense\n", "ipvsync network 1\tboot\t1\ndevice\tx\nend"])
    func aCorruptRecordIsPutAside(text: String) throws {
        let store = state.store.networkRecord
        try StateFile(path: store.path).replace(with: Array(text.utf8))
        #expect(try store.load() == nil)
        #expect(state.files == ["network-1.corrupt"])
    }

    @Test func aRecordReadsBackTheSame() throws {
        let record = NetworkRecord(
            device: "vips0", sysctls: ["a/b": SysctlChange(key: "a/b", old: "0 4", new: "1")],
            formerDevices: ["ipvsync0"])
        try state.store.networkRecord.save(record)
        #expect(try state.store.networkRecord.load() == record)
        let other = NetworkRecordStore(
            directory: state.directory, identity: StateIdentity(boot: "other", namespace: "1"))
        #expect(try other.load() == nil)
    }
}
