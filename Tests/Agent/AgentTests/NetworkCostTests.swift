// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import LoadBalancing
import NFTables
import Netlink
import NodeNetwork
import Reconcile
import TestSupport
import Testing

@testable import Agent

/// What a change costs beside IPVS: what it touches, however many Services there are.
@Suite struct NetworkCostTests {
    private let firewall = InMemoryFirewall()
    private let network = InMemoryNetwork()
    private let sysctls: TemporarySysctls
    private let state: TemporaryState
    private let owned = OwnedIndex()

    init() throws {
        sysctls = try TemporarySysctls()
        state = try TemporaryState()
    }

    private static func address(_ number: Int) -> IPAddress { IPAddress(v4: 0x0A60_0000 + UInt32(number)) }
    private static func key(_ number: Int) -> VirtualServerKey {
        .endpoint(.tcp, Endpoint(address(number), port: 80))
    }
    private static func elements(_ number: Int) -> Set<DataPathElement> {
        [.address(address(number)), .service(key(number), ServiceTreatment(.always))]
    }

    /// A node with so many Services, as a whole pass leaves it.
    private func target(_ count: Int, settings: DataPathSettings = DataPathSettings()) -> NetworkTarget {
        let keeper = DataPathKeeper(
            firewall: firewall, vips: network, sysctls: Sysctls(root: sysctls.root), tracker: nil,
            store: state.store.networkRecord, kernel: nil)
        let target = NetworkTarget(keeper, owned: owned)
        let numbers = 1...count
        expect(numbers.map(Self.key))
        owned.confirm(numbers.map(Self.key))
        let elements = numbers.reduce(into: Set<DataPathElement>()) { $0.formUnion(Self.elements($1)) }
        _ = target.perform(.everything(DataPathDemand(settings: settings, elements: elements), nil))
        _ = target.perform(.finish([], isWhole: true))
        return target
    }

    /// Says that virtual servers are to be made.
    private func expect(_ keys: [VirtualServerKey]) {
        let entries = keys.map { ($0, Ledger.Ownership()) }
        owned.use(Ledger(virtualServers: Dictionary(uniqueKeysWithValues: entries)), replacing: Ledger())
    }

    /// Says that a virtual server has gone.
    private func lose(_ key: VirtualServerKey) {
        owned.use(Ledger(), replacing: Ledger(virtualServers: [key: Ledger.Ownership()]))
    }

    private func prepare(
        _ target: NetworkTarget, added: Set<DataPathElement> = [], removed: Set<DataPathElement> = [],
        settings: DataPathSettings = DataPathSettings(), looks: Bool = false
    ) {
        _ = target.perform(
            .change(DataPathChange(added: added, removed: removed), settings, retries: false, looks: looks))
    }

    private func finish(_ target: NetworkTarget) -> NetworkOutcome { target.perform(.finish([], isWhole: false)) }

    private func bound() throws -> Set<IPAddress> { try network.read(device: DataPathSettings.defaultDevice).bound }

    @Test(
        arguments: [100, 10_000],
        [
            DataPathSettings(binding: .address), DataPathSettings(binding: .route),
            DataPathSettings(binding: .address, device: DataPathSettings.kubeProxyDevice),
        ])
    func aServiceThatComesAndGoesCostsWhatItTouches(count: Int, settings: DataPathSettings) throws {
        let target = target(count, settings: settings)
        let (looks, reads) = (network.readCount, firewall.readCount)
        let (operations, transactions) = (network.operations.count, firewall.committed.count)
        let new = count + 1
        expect([Self.key(new)])
        prepare(target, added: Self.elements(new), settings: settings)
        owned.confirm([Self.key(new)])
        var report = try #require(finish(target).report)
        #expect(report.plan.addresses.count == 1 && report.examined == 1 && !report.hasLooked)
        prepare(target, removed: Self.elements(new), settings: settings)
        #expect(finish(target).hasLeaving)
        lose(Self.key(new))
        report = try #require(finish(target).report)
        // Once as one that leaves, and once as one that goes.
        #expect(report.plan.addresses.count == 1 && report.examined == 2)
        #expect(network.readCount == looks && firewall.readCount == reads)
        #expect(network.operations.count == operations + 2)
        for transaction in firewall.committed.dropFirst(transactions) {
            guard case .changes(let removed, let added) = transaction.content else {
                Issue.record("all rules are written anew")
                continue
            }
            #expect(removed.count + added.count <= 2)
        }
        #expect(try network.read(device: settings.device).bound == Set((1...count).map(Self.address)))
        #expect(firewall.observed?.elements.isDisjoint(with: Self.elements(new)) == true)
    }

    /// Its virtual server was refused, and comes later: by a retry, whatever else happens.
    @Test func anAddressComesWithItsVirtualServer() throws {
        let target = target(100)
        expect([Self.key(101)])
        prepare(target, added: Self.elements(101))
        let looks = network.readCount
        #expect(finish(target).hasLeaving)
        #expect(try !bound().contains(Self.address(101)))
        #expect(finish(target).report == nil)
        owned.confirm([Self.key(101)])
        let outcome = finish(target)
        #expect(outcome.report?.plan.addresses == [.addAddress(Self.address(101))] && !outcome.hasLeaving)
        #expect(network.readCount == looks + 1)
    }

    @Test func theFirstAddressOfAllWaitsForItsVirtualServerToo() throws {
        let target = target(1)
        prepare(target, removed: Self.elements(1))
        lose(Self.key(1))
        _ = finish(target)
        network.loseDevice(DataPathSettings.defaultDevice)
        _ = target.perform(.verify(repairs: true))
        expect([Self.key(2)])
        prepare(target, added: Self.elements(2))
        _ = finish(target)
        owned.confirm([Self.key(2)])
        _ = finish(target)
        #expect(try bound() == [Self.address(2)])
    }

    /// Between the news of the kernel and the next whole pass, an address of the node itself is not taken: its own ports
    /// would be refused.
    @Test(arguments: [false, true]) func anAddressThatAnotherDeviceHasGotIsLeftAlone(withNews: Bool) throws {
        let target = target(100)
        network.addForeignDevice("eth0")
        network.addForeignAddress(Self.address(101), to: "eth0")
        expect([Self.key(101)])
        prepare(target, added: Self.elements(101), looks: withNews)
        owned.confirm([Self.key(101)])
        let report = finish(target).report
        #expect(try bound().contains(Self.address(101)) == !withNews)
        #expect(report?.plan.elsewhere.isEmpty == !withNews)
        let rule = DataPathElement.address(Self.address(101))
        #expect(firewall.observed?.elements.contains(rule) == !withNews)
        // Without the news, verification finds it.
        _ = target.perform(.verify(repairs: true))
        #expect(try !bound().contains(Self.address(101)))
        #expect(firewall.observed?.elements.contains(rule) == false)
    }

    @Test func aRefusedAddressIsTriedAgainByAWholePassAlone() throws {
        let target = target(100)
        network.refusals[.addAddress(Self.address(101))] = 12
        expect([Self.key(101), Self.key(102)])
        owned.confirm([Self.key(101), Self.key(102)])
        prepare(target, added: Self.elements(101))
        var outcome = finish(target)
        #expect(outcome.isBehind && outcome.report?.failures.map(\.part) == [.addresses])
        let looks = network.readCount
        prepare(target, added: Self.elements(102))
        outcome = finish(target)
        #expect(outcome.isBehind && outcome.report?.plan.addresses == [.addAddress(Self.address(102))])
        #expect(network.readCount == looks)
        network.refusals = [:]
        _ = target.perform(.change(DataPathChange(), DataPathSettings(), retries: true, looks: false))
        #expect(!finish(target).isBehind)
        #expect(try bound() == Set((1...102).map(Self.address)))
    }

    /// Others remove the whole device, or the answers are lost: nothing of what was known counts any more.
    @Test(arguments: [false, true]) func whatFailsAsAWholeIsLookedAtAgain(losesAnswers: Bool) throws {
        let target = target(100)
        if losesAnswers {
            network.errorAfterNextApply = NetlinkError(.answersLost, operation: "change addresses")
        } else {
            network.loseDevice(DataPathSettings.defaultDevice)
        }
        expect([Self.key(101)])
        owned.confirm([Self.key(101)])
        prepare(target, added: Self.elements(101))
        #expect(finish(target).isBehind)
        _ = target.perform(.change(DataPathChange(), DataPathSettings(), retries: true, looks: false))
        #expect(!finish(target).isBehind)
        #expect(try bound() == Set((1...101).map(Self.address)))
    }

    /// Of two virtual servers at one address, the second to go takes the address along.
    @Test func aSharedAddressGoesWithTheLastOfItsVirtualServers() throws {
        let target = target(100)
        let other = VirtualServerKey.endpoint(.udp, Endpoint(Self.address(1), port: 53))
        expect([other])
        owned.confirm([other])
        prepare(target, removed: Self.elements(1))
        lose(Self.key(1))
        #expect(finish(target).hasLeaving)
        #expect(try bound().contains(Self.address(1)))
        #expect(firewall.observed?.elements.contains(.address(Self.address(1))) == true)
        lose(other)
        #expect(!finish(target).hasLeaving)
        #expect(try !bound().contains(Self.address(1)))
        #expect(firewall.observed?.elements.contains(.address(Self.address(1))) == false)
    }

    /// A guard that no rule can say, such as one of every port, keeps its address closed.
    @Test func anAddressThatCannotBeGuardedIsNotTaken() throws {
        let target = target(100)
        let key = VirtualServerKey.endpoint(.tcp, Endpoint(Self.address(101), port: 0))
        let closed: Set<DataPathElement> = [.address(Self.address(101)), .guarded(key, .none(.ipv4))]
        expect([key])
        owned.confirm([key])
        prepare(target, added: closed)
        for _ in 0..<2 {
            let outcome = finish(target)
            #expect(outcome.isBehind)
            #expect(try !bound().contains(Self.address(101)))
            prepare(target, added: [.hairpin(Self.address(200))])
        }
    }
}
