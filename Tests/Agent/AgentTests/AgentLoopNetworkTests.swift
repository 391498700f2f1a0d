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

/// The loop with what it keeps beside IPVS.
@Suite struct AgentLoopNetworkTests {
    private struct Source: DesiredSource {
        var isComplete = true
        var settings = DesiredState()
        var network: DataPathSettings? = DataPathSettings()
        var transport = TransportProtocol.udp
        var services: [Int: [Int]] = [:]

        var desired: DesiredState {
            DesiredState(virtualServers: services.keys.compactMap { desired(key($0)) }.sorted { $0.key < $1.key })
        }

        var dataPath: Set<DataPathElement> {
            services.reduce(into: []) { elements, service in
                elements.insert(.address(Self.address(service.key)))
                elements.insert(.service(key(service.key), ServiceTreatment(.outsidePods)))
                elements.formUnion(service.value.map { .hairpin(Self.pod($0)) })
            }
        }

        func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? {
            guard let (_, endpoints) = services.first(where: { self.key($0.key) == key }) else { return nil }
            return DesiredVirtualServer(
                VirtualServer(key), realServers: endpoints.map { RealServer(Endpoint(Self.pod($0), port: 53)) })
        }

        static func address(_ number: Int) -> IPAddress { IPAddress("10.96.0.\(number)")! }
        static func pod(_ number: Int) -> IPAddress { IPAddress("10.244.1.\(number)")! }
        func key(_ number: Int) -> VirtualServerKey { .endpoint(transport, Endpoint(Self.address(number), port: 53)) }
    }

    private final class Tracker: ConnectionTracker {
        var deleted: Set<StaleFlow> = []
        func deleteEntries(_ flows: Set<StaleFlow>) throws(NetlinkError) -> Int {
            deleted.formUnion(flows)
            return flows.count
        }
        func translatedConnections() -> Int { 0 }
    }

    private let kernel = InMemoryKernel()
    private let firewall = InMemoryFirewall()
    private let network = InMemoryNetwork()
    private let tracker = Tracker()
    private let sysctls: TemporarySysctls
    private let state: TemporaryState
    private let start = ContinuousClock.now

    init() throws {
        sysctls = try TemporarySysctls()
        state = try TemporaryState()
    }

    private func loop() -> AgentLoop {
        AgentLoop(
            Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(drainTimeout: 60), now: { 1_000 }),
            keeper: DataPathKeeper(
                firewall: firewall, vips: network, sysctls: Sysctls(root: sysctls.root), tracker: tracker,
                store: state.store.networkRecord, kernel: nil),
            now: start)
    }

    private func step(_ loop: inout AgentLoop, _ source: Source, _ time: Duration) throws -> SyncReport? {
        var generator = SeededGenerator(seed: 1)
        return try loop.step(source, now: start + time, using: &generator)?.result.get()
    }

    private func bound() throws -> Set<IPAddress> { try network.read(device: "ipvsync0").addresses }

    @Test func anEndpointsChangeIsOneTransaction() throws {
        var loop = loop()
        var source = Source(services: [1: [1, 2], 2: [3]])
        #expect(try step(&loop, source, .zero)?.network?.transactions == 1)
        #expect(try bound() == [Source.address(1), Source.address(2)])
        // What went to the addresses before they were served.
        let early = [1, 2].map { Endpoint(Source.address($0), port: 53) }
        #expect(tracker.deleted == Set(early.map { StaleFlow(.udp, virtualServer: $0, realServer: $0) }))
        tracker.deleted = []
        let looks = network.readCount
        source.services[1] = [1, 4]
        loop.note([source.key(1)], at: start)
        loop.note(
            DataPathChange(added: [.hairpin(Source.pod(4))], removed: [.hairpin(Source.pod(2))]), at: start)
        let report = try step(&loop, source, .seconds(1))
        #expect(report?.network?.transactions == 1 && report?.network?.plan.count == 2)
        #expect(firewall.observed?.elements == source.dataPath)
        // Nobody looks at the addresses for that.
        #expect(network.readCount == looks)
        #expect(
            tracker.deleted == [
                StaleFlow(
                    .udp, virtualServer: Endpoint(Source.address(1), port: 53),
                    realServer: Endpoint(Source.pod(2), port: 53))
            ])
    }

    /// Whether a Service has lost its last endpoint or has gone: clients with a fixed port must not go on into nothing.
    @Test func connectionsAreForgottenWithTheLastEndpointToo() throws {
        var loop = loop()
        var source = Source(services: [1: [1], 2: [2]])
        _ = try step(&loop, source, .zero)
        tracker.deleted = []
        (source.services[1], source.services[2]) = ([], nil)
        loop.note([1, 2].map(source.key), at: start)
        _ = try step(&loop, source, .seconds(1))
        let gone = [1, 2].map { number in
            StaleFlow(
                .udp, virtualServer: Endpoint(Source.address(number), port: 53),
                realServer: Endpoint(Source.pod(number), port: 53))
        }
        #expect(tracker.deleted == Set(gone))
    }

    /// A change of another Service says nothing of the virtual servers whose removal is held back.
    @Test func heldVirtualServersAreLetInWhateverElseChanges() throws {
        var loop = loop()
        var source = Source(services: Dictionary(uniqueKeysWithValues: (1...20).map { ($0, [$0]) }))
        _ = try step(&loop, source, .zero)
        source.services = [1: [1]]
        loop.noteEverything(at: start)
        #expect(try step(&loop, source, .seconds(1))?.plan.held != nil)
        source.services[1] = [2]
        loop.note([source.key(1)], at: start)
        loop.note(DataPathChange(added: [.hairpin(Source.pod(2))], removed: [.hairpin(Source.pod(1))]), at: start)
        #expect(try step(&loop, source, .seconds(2))?.plan.held == nil)
        #expect(kernel.virtualServers.count == 20)
        let services = firewall.observed?.elements.filter { $0.virtualServer != nil }
        #expect(services?.count == 20)
    }

    @Test func whatIsNeededOtherwiseIsAChangeByItself() throws {
        var loop = loop()
        let source = Source(services: [1: [1]])
        _ = try step(&loop, source, .zero)
        loop.note(DataPathChange(added: [.healthCheckPort(30_000)]), at: start)
        #expect(loop.due == start + .milliseconds(100))
        #expect(try step(&loop, source, .milliseconds(100))?.network?.plan.count == 1)
        #expect(loop.due > start + .seconds(20))
    }

    @Test func aServiceThatComesAndGoesTakesItsAddressAlong() throws {
        var loop = loop()
        var source = Source(services: [1: [1]])
        _ = try step(&loop, source, .zero)
        let before = source.dataPath
        source.services[2] = [2]
        loop.note([source.key(2)], at: start)
        loop.note(DataPathChange(added: source.dataPath.subtracting(before)), at: start)
        _ = try step(&loop, source, .seconds(1))
        #expect(try bound() == [Source.address(1), Source.address(2)])
        #expect(firewall.observed?.elements == source.dataPath)
        let with = source.dataPath
        source.services[2] = nil
        loop.note([source.key(2)], at: start + .seconds(1))
        loop.note(DataPathChange(removed: with.subtracting(source.dataPath)), at: start + .seconds(1))
        _ = try step(&loop, source, .seconds(2))
        #expect(try bound() == [Source.address(1)])
        #expect(firewall.observed?.elements == source.dataPath)
    }

    @Test(arguments: [DriftPolicy.repair, .report, .ignore])
    func whatOthersChangeIsADrift(policy: DriftPolicy) throws {
        var loop = loop()
        loop.driftPolicy = policy
        let source = Source(services: [1: [1]])
        _ = try step(&loop, source, .zero)
        firewall.observed = nil
        sysctls["net/ipv4/vs/conntrack"] = "0"
        let report = try step(&loop, source, .seconds(40))
        #expect(report?.network?.plan.count == (policy == .ignore ? nil : 2))
        #expect((firewall.observed != nil) == (policy == .repair))
        #expect(sysctls["net/ipv4/vs/conntrack"] == (policy == .repair ? "1" : "0"))
    }

    @Test func whatFailsIsTriedAgainSoonAndMoreRarely() throws {
        var loop = loop()
        let source = Source(services: [1: [1]])
        network.refusals = [.createDevice: 1]
        #expect(try step(&loop, source, .zero)?.network?.failures.count == 1)
        // The virtual servers are there all the same.
        #expect(kernel.readState(statistics: false).virtualServers.count == 1)
        #expect(loop.due == start + .seconds(4))
        _ = try step(&loop, source, .seconds(4))
        #expect(loop.due == start + .seconds(12))
        network.refusals = [:]
        #expect(try step(&loop, source, .seconds(12))?.network?.failures.isEmpty == true)
        #expect(try bound() == [Source.address(1)])
        #expect(loop.due > start + .seconds(20))
    }

    /// A change meanwhile is no sign that what failed has been made.
    @Test func whatWaitsForItsRetryStillStands() throws {
        var loop = loop()
        let source = Source(services: [1: [1]])
        firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
        let first = try step(&loop, source, .zero)?.network
        #expect(first?.failures.isEmpty == false && first?.leavesFailures == false)
        loop.note(DataPathChange(added: [.hairpin(Source.pod(4))]), at: start)
        let second = try step(&loop, source, .seconds(1))?.network
        #expect(second?.isEmpty == true && second?.leavesFailures == true && firewall.observed == nil)
        let third = try step(&loop, source, .seconds(4))?.network
        #expect(third?.failures.isEmpty == true && third?.leavesFailures == false && firewall.observed != nil)
    }

    /// Virtual servers and what is beside them, both failing, wait as well.
    @Test func aSyncThatThrowsDoesNotMakeTheLoopHot() throws {
        var loop = loop()
        var source = Source(services: [1: [1]])
        network.refusals = [.createDevice: 1]
        _ = try step(&loop, source, .zero)
        kernel.beforeOperation = { (_, _) throws(NetlinkError) in
            throw NetlinkError(.dumpInterrupted, operation: "change the table")
        }
        source.services[1] = [1, 2]
        loop.note([source.key(1)], at: start)
        #expect(throws: SyncError.self) { try step(&loop, source, .seconds(4)) }
        #expect(loop.due > start + .seconds(4))
    }

    /// Whoever removes the virtual server that kept an address, the address goes with the next look at the drain.
    @Test(arguments: [DriftPolicy.repair, .ignore])
    func anAddressGoesThoughAnotherRemovesItsVirtualServer(policy: DriftPolicy) throws {
        var loop = loop()
        loop.driftPolicy = policy
        var source = Source(transport: .tcp, services: [1: [1], 2: [2]])
        _ = try step(&loop, source, .zero)
        let with = source.dataPath
        kernel.setConnections(
            ConnectionCounts(active: 1), of: Endpoint(Source.pod(2), port: 53), in: source.key(2))
        source.services[2] = nil
        loop.note([source.key(2)], at: start)
        loop.note(DataPathChange(removed: with.subtracting(source.dataPath)), at: start)
        #expect(try step(&loop, source, .seconds(1))?.plan.drains.count == 1)
        #expect(try bound() == [Source.address(1), Source.address(2)])
        _ = try kernel.apply([.removeVirtualServer(source.key(2))])
        _ = try step(&loop, source, .seconds(6))
        #expect(try bound() == [Source.address(1)])
        #expect(firewall.observed?.elements == source.dataPath)
    }

    @Test func withoutTheSettingEverythingGoes() throws {
        var loop = loop()
        var source = Source(services: [1: [1]])
        _ = try step(&loop, source, .zero)
        source.network = nil
        loop.noteEverything(at: start + .seconds(1))
        #expect(try step(&loop, source, .seconds(2))?.network?.plan.isEmpty == false)
        #expect(firewall.observed == nil && sysctls["net/ipv4/vs/conntrack"] == "0")
        #expect(try network.read(device: "ipvsync0").device == .missing)
        loop.noteEverything(at: start + .seconds(3))
        #expect(try step(&loop, source, .seconds(4))?.network == nil)
    }
}
