// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import KubeProxy
import LoadBalancing
import Netlink
import NodeNetwork
import Reconcile
import TestSupport
import Testing

@testable import Agent

/// What goes of kube-proxy's, over rules, sets, devices and virtual servers that are the test's own.
@Suite struct TakeoverTests {
    private let programs = InMemoryLeftovers()
    private let network = InMemoryNetwork()
    private let kernel = InMemoryKernel()
    private let state: TemporaryState

    private static let web = VirtualServerKey("tcp 10.96.0.1:80")!
    private static let old = VirtualServerKey("tcp 10.96.0.9:80")!
    private static let other = VirtualServerKey("tcp 192.0.2.7:80")!

    init() throws {
        state = try TemporaryState()
        programs.rulesText = """
            *nat
            :PREROUTING ACCEPT [0:0]
            :KUBE-SERVICES - [0:0]
            :MINE - [0:0]
            -A PREROUTING -j KUBE-SERVICES
            -A PREROUTING -j MINE
            -A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN
            COMMIT

            """
        programs.setNames = ["mine", "KUBE-LOOP-BACK", "KUBE-CLUSTER-IP", "KUBE-SRC-ABC"]
        programs.tableNames = ["inet ipvsync", "ip6 kube-proxy", "ip kube-proxy", "ip filter"]
        network.addForeignDevice("kube-ipvs0")
        network.addForeignDevice("other0")
        for key in [Self.web, Self.old] { network.addForeignAddress(Self.address(key), to: "kube-ipvs0") }
        for key in [Self.web, Self.old, Self.other] { _ = try kernel.apply([.addVirtualServer(VirtualServer(key))]) }
        _ = try kernel.apply([.addVirtualServer(VirtualServer(VirtualServerKey("fwmark 9")!))])
    }

    private var takeover: Takeover { Takeover(programs: programs, devices: network, table: kernel) }

    private static func address(_ key: VirtualServerKey) -> IPAddress {
        guard case .endpoint(_, let endpoint) = key else { return IPAddress(v4: 0) }
        return endpoint.address
    }

    /// What is left to know once these virtual servers are ours.
    private func demand(
        _ keys: [VirtualServerKey] = [web], binding: VIPBinding = .address, device: String = "ipvsync0",
        removalGuard: RemovalGuard? = RemovalGuard()
    ) throws -> TakeoverDemand {
        let synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy())
        let report = try synchronizer.synchronize(
            DesiredState(virtualServers: keys.sorted().map { DesiredVirtualServer(VirtualServer($0), realServers: []) })
        )
        return TakeoverDemand(
            report,
            DataPathDemand(
                settings: DataPathSettings(binding: binding, device: device),
                elements: Set(keys.map { .address(Self.address($0)) })), removalGuard: removalGuard)
    }

    @Test func whatIsLeftGoesInItsOrder() throws {
        let plan = try takeover.plan(try demand())
        #expect(
            plan.steps.map(\.description) == [
                "iptables: 1 chains and 1 rules that lead into them", "ipset KUBE-CLUSTER-IP", "ipset KUBE-LOOP-BACK",
                "nftables table ip kube-proxy", "nftables table ip6 kube-proxy", "virtual server tcp 10.96.0.9:80",
                "device kube-ipvs0 with 2 addresses",
            ])
        #expect(plan.kept == [])
        var done: [TakeoverStep] = []
        try takeover.carryOut(plan) { done.append($0) }
        #expect(done == plan.steps)
        #expect(programs.setNames == ["mine", "KUBE-SRC-ABC"])
        #expect(programs.tableNames == ["inet ipvsync", "ip filter"])
        #expect(kernel.virtualServers.keys.sorted() == [Self.web, Self.other, VirtualServerKey("fwmark 9")!])
        #expect(try network.otherDevice(named: "kube-ipvs0") == nil)
        #expect(try network.otherDevice(named: "other0") != nil)
        #expect(try takeover.plan(try demand()).isEmpty)
    }

    @Test func lookingChangesNothing() throws {
        _ = try takeover.plan(try demand())
        #expect(programs.removed == [])
        #expect(try network.otherDevice(named: "kube-ipvs0")?.addresses.count == 2)
        #expect(kernel.virtualServers[Self.old] != nil)
    }

    @Test func aFailureStopsItAndAnotherRunGoesOn() throws {
        programs.refusals["KUBE-LOOP-BACK"] = LeftoverError(program: "ipset", message: "in use")
        let demand = try demand()
        var done: [TakeoverStep] = []
        #expect {
            try takeover.carryOut(try takeover.plan(demand)) { done.append($0) }
        } throws: {
            "\($0)".hasPrefix("cannot remove ipset KUBE-LOOP-BACK: ipset: in use; ")
        }
        #expect(done.count == 2)
        #expect(programs.tableNames.count == 4)
        programs.refusals = [:]
        let rest = try takeover.plan(demand)
        #expect(rest.steps.first == .destroySet("KUBE-LOOP-BACK"))
        try takeover.carryOut(rest)
        #expect(try takeover.plan(demand).isEmpty)
    }

    @Test func whatOthersUseStays() throws {
        programs.rulesText = programs.rulesText.replacing(
            "-A PREROUTING -j MINE", with: "-A MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN")
        let plan = try takeover.plan(try demand())
        #expect(!plan.steps.contains(.destroySet("KUBE-CLUSTER-IP")))
        #expect(plan.kept == ["ipset: the set KUBE-CLUSTER-IP stays: a rule that is not kube-proxy's uses it"])
    }

    @Test func aDeviceThatIsNoDummyStays() throws {
        network.addForeignDevice("kube-ipvs0", isDummy: false)
        let plan = try takeover.plan(try demand())
        #expect(plan.steps.last == .deleteTable("ip6 kube-proxy"))
        #expect(plan.kept == ["the device kube-ipvs0 stays: it is no dummy device"])
    }

    @Test func aDeviceOfThatNameIsAdoptedAsItIs() throws {
        let demand = try demand(device: "kube-ipvs0")
        let plan = try takeover.planAdoption(demand)
        #expect(
            plan.steps.map { "\($0.verb) \($0)" } == [
                "remove virtual server tcp 10.96.0.9:80", "adopt device kube-ipvs0 with 2 addresses",
            ])
        #expect(try network.read(device: "kube-ipvs0").device == .foreign)
        var previewed = try network.read(device: "kube-ipvs0")
        previewed.adopt("kube-ipvs0")
        try takeover.carryOut(plan)
        let observed = try network.read(device: "kube-ipvs0")
        #expect(observed == previewed && observed.addresses == [Self.address(Self.web), Self.address(Self.old)])
        #expect(kernel.virtualServers[Self.old] == nil && kernel.virtualServers[Self.web] != nil)
        // The rest is removed as ever, and the device stays.
        let rest = try takeover.plan(demand)
        #expect(rest.steps.last == .deleteTable("ip6 kube-proxy"))
        #expect(try takeover.planAdoption(demand).isEmpty)
        // Its addresses change in place, and it stays down.
        let change = try VIPPlan.between(
            binding: .address, addresses: [Self.address(Self.web), IPAddress(v4: 0x0A60_0005)], routes: [],
            device: "kube-ipvs0", observed: observed)
        #expect(change.operations == [.addAddress(IPAddress(v4: 0x0A60_0005)), .removeAddress(Self.address(Self.old))])
        #expect(VIPPlan.cleanup(device: "kube-ipvs0", observed: observed).operations == [.removeDevice])
    }

    @Test func nothingIsAdoptedThatLooksLikeAMistake() throws {
        let another = VirtualServerKey("udp 10.96.0.9:53")!
        _ = try kernel.apply([.addVirtualServer(VirtualServer(another))])
        #expect { try takeover.planAdoption(try demand(device: "kube-ipvs0")) } throws: {
            "\($0)".contains("2 of the 3 virtual servers")
        }
        network.addForeignDevice("kube-ipvs0", isDummy: false)
        #expect { try takeover.planAdoption(try demand(device: "kube-ipvs0")) } throws: {
            "\($0)".contains("kube-ipvs0 is no dummy device")
        }
        #expect(try network.read(device: "kube-ipvs0").device == .foreign)
    }

    @Test func addressesThatNothingElseHasAreNotTakenAway() throws {
        let demand = try demand(binding: .none)
        #expect { try takeover.plan(demand) } throws: { "\($0)".contains("10.96.0.1; set network.vipBinding") }
        // Those on our device are not lost.
        _ = try network.apply([.createDevice, .addAddress(Self.address(Self.web))], device: "ipvsync0")
        #expect(try !takeover.plan(demand).isEmpty)
    }

    @Test func leftoversThatAreMostOfAllLookLikeAMistake() throws {
        let another = VirtualServerKey("udp 10.96.0.9:53")!
        _ = try kernel.apply([.addVirtualServer(VirtualServer(another))])
        #expect { try takeover.plan(try demand()) } throws: { "\($0)".contains("2 of the 3 virtual servers") }
        #expect(try takeover.plan(try demand(removalGuard: nil)).steps.contains(.removeVirtualServer(another)))
        #expect(try takeover.plan(try demand([Self.web, Self.old])).steps.contains(.removeVirtualServer(another)))
    }

    @Test func aVirtualServerThatHasGoneIsNoFailure() throws {
        let plan = try takeover.plan(try demand())
        _ = try kernel.apply([.removeVirtualServer(Self.old)])
        network.addForeignDevice("kube-ipvs0")
        try takeover.carryOut(plan)
    }

    @Test func whatHasYetToBeMadeIsMissing() throws {
        let synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy())
        let added = VirtualServerKey("tcp 10.96.0.2:80")!
        let report = try synchronizer.preview(
            DesiredState(virtualServers: [DesiredVirtualServer(VirtualServer(added), realServers: [])]))
        #expect(report.missing == ["add tcp 10.96.0.2:80"])
        _ = try synchronizer.synchronize(
            DesiredState(virtualServers: [DesiredVirtualServer(VirtualServer(added), realServers: [])]))
        // What only has to go is not missing.
        #expect(try synchronizer.preview(DesiredState()).missing == [])
    }
}
