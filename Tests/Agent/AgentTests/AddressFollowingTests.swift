// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import Glibc
import LoadBalancing
import NFTables
import Netlink
import NodeNetwork
import Reconcile
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// A first sync with so many virtual servers that their addresses come while others are still being programmed.
@Suite struct AddressFollowingTests {
    private static let services = 300
    private static let firstIPv6 = 200
    private static let realServers = 15
    private static let operations = services * (1 + realServers)
    private static let refused = VIPOperation.addAddress(address(17))

    private let kernel = InMemoryKernel()
    private let network = WatchedNetwork()
    private let firewall = InMemoryFirewall()
    private let sysctls: TemporarySysctls
    private let state: TemporaryState
    private let keeper: DataPathKeeper

    /// A network that says when an address came.
    private final class WatchedNetwork: VIPTable {
        let inner = InMemoryNetwork()
        let clock: Clock
        private let times = Mutex<[IPAddress: Int]>([:])

        /// How many operations on virtual servers have begun.
        final class Clock: Sendable {
            let begun = Atomic<Int>(0)
        }

        init(clock: Clock = Clock()) { self.clock = clock }

        var cameAfter: [IPAddress: Int] { times.withLock(\.self) }

        func read(device: String) throws(NetlinkError) -> ObservedVIPs { try inner.read(device: device) }

        func apply(_ operations: [VIPOperation], device: String) throws(NetlinkError) -> [VIPFailure] {
            let now = clock.begun.load(ordering: .sequentiallyConsistent)
            times.withLock { times in
                for case .addAddress(let address) in operations { times[address] = now }
            }
            return try inner.apply(operations, device: device)
        }
    }

    init() throws {
        sysctls = try TemporarySysctls()
        state = try TemporaryState()
        keeper = DataPathKeeper(
            firewall: firewall, vips: network, sysctls: Sysctls(root: sysctls.root), tracker: nil,
            store: state.store.networkRecord, kernel: KernelVersion(release: "6.1.0"))
    }

    /// IPv6 addresses from the 200th on.
    private static func address(_ number: Int) -> IPAddress {
        number < firstIPv6
            ? IPAddress("10.96.0.\(number + 1)")! : IPAddress("2001:db8::\(String(number, radix: 16))")!
    }

    private static func realServer(_ service: Int, _ number: Int) -> Endpoint {
        service < firstIPv6
            ? Endpoint("10.1.\(service).\(number + 1):80")! : Endpoint("[2001:db8:1::\(service):\(number + 1)]:80")!
    }

    private static let desired = DesiredState(
        virtualServers: (0..<services).map { number in
            DesiredVirtualServer(
                VirtualServer(.endpoint(.tcp, Endpoint(address(number), port: 80))),
                realServers: (0..<realServers).map { RealServer(realServer(number, $0)) })
        })

    private static let demand = DataPathDemand(
        settings: DataPathSettings(), elements: Set((0..<services).map { .address(address($0)) }))

    private func synchronize() throws -> SyncReport {
        let synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(), now: { 1 })
        return try NodeSynchronizer(synchronizer, keeper).synchronize(Self.desired, Self.demand)
    }

    private func expectEverything(line: UInt = #line) throws {
        let found = try network.read(device: "ipvsync0")
        let location = SourceLocation(fileID: #fileID, filePath: #filePath, line: Int(line), column: 1)
        #expect(found.addresses == Self.demand.addresses && found.device == .ours(isUp: true), sourceLocation: location)
        #expect(kernel.virtualServers.count == Self.services, sourceLocation: location)
    }

    /// Holds the sync up in the midst until an address has come; then does something.
    private func inTheMidst(_ body: @escaping () throws(NetlinkError) -> Void = {}) {
        let clock = network.clock
        kernel.beforeOperation = { [network] (_, _) throws(NetlinkError) in
            let begun = clock.begun.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
            guard begun == Self.operations * 9 / 10 else { return }
            for _ in 0..<600_000 where network.cameAfter.isEmpty { usleep(1_000) }
            try body()
        }
    }

    @Test func addressesComeInTheMidst() throws {
        inTheMidst()
        let report = try synchronize()
        try expectEverything()
        let cameAfter = network.cameAfter
        #expect(cameAfter.values.contains { $0 < Self.operations })
        let served = Dictionary(
            uniqueKeysWithValues: (0..<Self.services).map { number in
                (Self.address(number), Self.services + (number + 1) * Self.realServers)
            })
        for (address, time) in cameAfter { #expect(time >= served[address]!, "\(address)") }
        // The report is as without any hurry.
        let additions = Self.demand.addresses.sorted().map(VIPOperation.addAddress)
        let expected =
            [.createDevice] + additions.prefix(Self.firstIPv6) + [.setUp] + additions.dropFirst(Self.firstIPv6)
        #expect(report.network?.plan.addresses == expected)
        #expect(report.network?.failures.isEmpty == true && (report.elapsed ?? .zero) > .zero)
        #expect(try synchronize().network?.plan.addresses == [])
    }

    /// Among many addresses too, one that only some may use waits for its rules.
    @Test func aRestrictedAddressDoesNotCome() throws {
        firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
        var demand = Self.demand
        let key = VirtualServerKey("tcp \(Self.address(17)):80")!
        demand.elements.formUnion([.service(key, ServiceTreatment(.always)), .guarded(key, .none(.ipv4))])
        let synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(), now: { 1 })
        let report = try NodeSynchronizer(synchronizer, keeper).synchronize(Self.desired, demand)
        #expect(report.network?.failures.map(\.part) == [.rules, .addresses])
        let found = try network.read(device: "ipvsync0").addresses
        #expect(found == Self.demand.addresses.subtracting([Self.address(17)]))
    }

    @Test func whatIsRefusedInTheMidstIsToldOnceAndTheRestIsDone() throws {
        network.inner.refusals[Self.refused] = EINVAL
        let report = try synchronize()
        #expect(report.network?.failures.map(\.part) == [.addresses] && keeper.isBehind)
        #expect(try network.read(device: "ipvsync0").addresses.count == Self.services - 1)
        #expect(report.network?.plan.addresses.contains(Self.refused) == false)
        network.inner.refusals = [:]
        #expect(try synchronize().network?.plan.addresses == [Self.refused])
        try expectEverything()
    }

    @Test func withoutTheDeviceThereIsOneFailure() throws {
        network.inner.refusals[.createDevice] = EPERM
        #expect(try synchronize().network?.failures.count == 1)
        network.inner.refusals = [:]
        #expect(try synchronize().isWithoutFailure)
        try expectEverything()
    }

    @Test func lostAnswersAreMadeUpForByALook() throws {
        network.inner.errorAfterNextApply = NetlinkError(.answersLost, operation: "apply")
        #expect(try synchronize().network?.failures.isEmpty == true)
        try expectEverything()
    }

    @Test func aSyncThatFailsLeavesNothingUnderWay() throws {
        inTheMidst { () throws(NetlinkError) in throw NetlinkError(.refused(ENOMEM), operation: "apply") }
        #expect(throws: SyncError.self) { try synchronize() }
        #expect(!network.cameAfter.isEmpty)
        kernel.beforeOperation = nil
        #expect(try synchronize().isWithoutFailure)
        try expectEverything()
    }
}

@Suite struct ServedAddressesTests {
    @Test func anAddressIsServedByTheLastOfItsVirtualServers() {
        let (first, second) = (IPAddress("10.0.0.1")!, IPAddress("10.0.0.2")!)
        let keys = ["1:80", "1:443", "2:80", "1:80", "1:80", "2:80", "1:443"].map {
            VirtualServerKey("tcp 10.0.0.\($0)")
        }
        var order = ServedAddresses(keys + [VirtualServerKey("fwmark 7"), nil])
        #expect(order.next(afterFirst: 5) == [])
        #expect(order.next(afterFirst: 6) == [second])
        #expect(order.next(afterFirst: 6) == [])
        #expect(order.next(afterFirst: 9) == [first])
    }
}
