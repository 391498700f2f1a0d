// swift-format-ignore-file: NeverForceUnwrap

import Configuration
import DataPath
import Documents
import KubernetesAPI
import KubernetesObjects
import LoadBalancing
import Netlink
import NodeNetwork
import Reconcile
import TestSupport
import Testing

@testable import Agent

/// What becomes of addresses by which the API server is reached.
@Suite struct ReleaseTests {
    private struct Source: DesiredSource {
        var isComplete = true
        var settings = DesiredState()
        var network: DataPathSettings? = DataPathSettings(firewall: nil, setsSysctls: false)
        var names: [VirtualServerKey: String] = [:]
        var bound: Set<IPAddress> = []

        var desired: DesiredState {
            DesiredState(virtualServers: names.keys.compactMap { desired($0) }.sorted { $0.key < $1.key })
        }

        var dataPath: Set<DataPathElement> { Set(bound.map(DataPathElement.address)) }

        func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? {
            names[key].map { name in
                DesiredVirtualServer(
                    VirtualServer(key), realServers: [RealServer(Endpoint("10.244.1.10:8443")!)], name: name)
            }
        }
    }

    private static let server = IPAddress("192.0.2.10")!
    private static let other = IPAddress("203.0.113.1")!
    private static let taken = VirtualServerKey("tcp 192.0.2.10:6443")!
    private static let web = VirtualServerKey("tcp 203.0.113.1:80")!

    private let kernel = InMemoryKernel()
    private let network = InMemoryNetwork()
    private let sysctls: TemporarySysctls
    private let state: TemporaryState

    init() throws {
        sysctls = try TemporarySysctls()
        state = try TemporaryState()
    }

    private func loop() -> AgentLoop {
        AgentLoop(
            Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(drainTimeout: 900), now: { 1_000 }),
            keeper: DataPathKeeper(
                firewall: InMemoryFirewall(), vips: network, sysctls: Sysctls(root: sysctls.root), tracker: nil,
                store: state.store.networkRecord, kernel: nil), now: .now)
    }

    /// A node that has taken the API server's address, with a connection to it; and then an agent that was started anew.
    private func restarted(_ source: Source) throws -> AgentLoop {
        var loop = loop()
        var generator = SeededGenerator(seed: 1)
        _ = try loop.step(source, now: .now + .seconds(60), using: &generator)?.result.get()
        for key in source.names.keys {
            kernel.setConnections(
                ConnectionCounts(active: 1, inactive: 0), of: Endpoint("10.244.1.10:8443")!, in: key)
        }
        #expect(try network.read(device: "ipvsync0").bound == source.bound)
        return self.loop()
    }

    @Test(arguments: [VIPBinding.address, .route]) func anAgentThatHearsNothingLetsGo(_ binding: VIPBinding) throws {
        var source = Source(
            names: [Self.taken: "evil/web", Self.web: "shop/web"], bound: [Self.server, Self.other])
        source.network?.binding = binding
        source.network?.serviceNetworks = binding == .route ? [IPPrefix("10.96.0.0/12")!] : []
        var loop = try restarted(source)
        // It has not been told of any Service.
        let nothing = Source(isComplete: false)
        let release = loop.release([Self.server], unlessDeclaredIn: nothing)
        #expect(release.virtualServers == [Self.taken] && release.failures == [])
        #expect(release.addresses.union(release.networks.map(\.address)) == [Self.server])
        #expect(try network.read(device: "ipvsync0").bound == [Self.other])
        #expect(kernel.virtualServers.keys.sorted() == [Self.web])
        #expect(try state.store.load().ledger.virtualServers.keys.sorted() == [Self.web])
        #expect(loop.release([Self.server], unlessDeclaredIn: nothing).isEmpty)
    }

    @Test func aNetworkThatHoldsTheServerGoesAsAWhole() throws {
        let network = IPPrefix("192.0.2.0/24")!
        var source = Source(names: [Self.web: "shop/web"], bound: [Self.other])
        source.network?.binding = .route
        source.network?.serviceNetworks = [network]
        var loop = try restarted(source)
        let release = loop.release([Self.server], unlessDeclaredIn: Source(isComplete: false))
        #expect(release.networks == [network])
        #expect(try self.network.read(device: "ipvsync0").bound == [Self.other])
    }

    /// In a Pod the server is the cluster IP of a Service, which the node has to serve; and who writes a configuration
    /// may balance the API servers themselves.
    @Test func whatLeadsToTheServerStays() throws {
        let source = Source(names: [Self.taken: "default/kubernetes:https"], bound: [Self.server])
        var loop = try restarted(source)
        #expect(loop.release([Self.server], unlessDeclaredIn: Source(isComplete: false)).isEmpty)
        let own = Source(names: [Self.taken: "api"], bound: [Self.server])
        loop = try restarted(own)
        #expect(loop.release([Self.server], unlessDeclaredIn: own).isEmpty)
        #expect(try network.read(device: "ipvsync0").bound == [Self.server])
    }

    @Test func whatFailsIsTold() throws {
        var loop = try restarted(Source(names: [Self.taken: "evil/web"], bound: [Self.server]))
        network.refusals[.removeAddress(Self.server)] = 1
        let release = loop.release([Self.server], unlessDeclaredIn: Source(isComplete: false))
        #expect(release.addresses.isEmpty && release.failures.count == 1)
        network.refusals = [:]
        #expect(loop.release([Self.server], unlessDeclaredIn: Source(isComplete: false)).addresses == [Self.server])
    }

    // MARK: - What is wanted

    private func service(_ name: String, clusterIP: String, external: [String]) -> KubernetesObject {
        .service(
            Service(
                ObjectMetadata(name: name, namespace: "default"), clusterIPs: [clusterIP],
                ports: [ServicePort(name: "", port: 6443)], externalIPs: external))
    }

    private func agentState(_ network: String) throws -> AgentState {
        let text = "network: \(network)\nvirtualServers: []"
        return AgentState(
            Declaration(try Configuration.parse(text, file: "f"), stations: NodeStations()), node: "n1")
    }

    /// Load balancers bring this node no connections while it is about to go; other nodes do not count.
    @Test(arguments: [
        ("n1", "spec: {taints: [{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}]}", false),
        ("n1", "spec: {taints: [{key: a}, {key: ToBeDeletedByClusterAutoscaler, value: \"1\"}]}", false),
        ("n1", "spec: {taints: [{key: node.kubernetes.io/unschedulable}], unschedulable: true}", true),
        ("n2", "spec: {taints: [{key: ToBeDeletedByClusterAutoscaler}]}", true),
        ("n1, deletionTimestamp: \"2026-11-28T01:00:20Z\"", "spec: {}", false), ("n1", "spec: {}", true),
    ])
    func aNodeThatIsAboutToGoIsNotEligible(name: String, spec: String, isEligible: Bool) throws {
        var state = try agentState("{}")
        #expect(state.isNodeEligible)
        let text = "{apiVersion: v1, kind: Node, metadata: {name: \(name)}, \(spec)}"
        let node = try KubernetesObject(try #require(try YAMLNode.documents(in: text).first))
        _ = state.apply([.changed(node)])
        #expect(state.isNodeEligible == isEligible)
        _ = state.apply([.removed(ObjectIdentity(kind: "Node", name: ObjectName(namespace: "", name: "n1")))])
        #expect(state.isNodeEligible || name == "n2")
    }

    /// What a list lacks is gone as a whole: in parts, no removal guard would mind.
    @Test func aListIsJudgedAsAWhole() throws {
        var state = try agentState("{}")
        let services = (0..<2_500).map { number in
            service("s\(number)", clusterIP: "10.96.\(number / 250).\(1 + number % 250)", external: [])
        }
        #expect(state.apply([.replaced(kind: "Service", services, unreadable: [])]).count == services.count)
        #expect(state.isWhole && state.desired.virtualServers.count == services.count)
        #expect(state.apply([.replaced(kind: "Service", [], unreadable: [])]).count == services.count)
        #expect(state.isWhole && state.desired.virtualServers.isEmpty)
    }

    @Test func theServersAddressIsNeverWanted() throws {
        var state = try agentState("{}")
        _ = state.use(apiServers: [Self.server])
        let keys = state.apply([
            .replaced(
                kind: "Service", [service("evil", clusterIP: "10.96.0.1", external: ["192.0.2.10", "203.0.113.1"])],
                unreadable: [])
        ])
        #expect(keys.map(\.description) == ["tcp 10.96.0.1:6443", "tcp 203.0.113.1:6443"])
        #expect(state.warnings.count == 1)
        // One that is known later goes when it is, and comes when it is another's.
        #expect(
            state.use(apiServers: [Self.other]).map(\.description) == ["tcp 192.0.2.10:6443", "tcp 203.0.113.1:6443"])
        #expect(state.boundAddresses == [IPAddress("10.96.0.1")!, Self.server])
        #expect(state.use(apiServers: [Self.other]) == [])
    }

    @Test func noNetworkIsTakenWholeInWhichTheServerIs() throws {
        var state = try agentState("{vipBinding: route, serviceCIDRs: [10.96.0.0/12, 192.0.2.0/24]}")
        #expect(state.network?.serviceNetworks.count == 2)
        _ = state.use(apiServers: [Self.server])
        #expect(state.network?.serviceNetworks == [IPPrefix("10.96.0.0/12")!])
        // A cluster IP by which it is reached is the Service's, in a network that is the node's to serve.
        _ = state.use(apiServers: [IPAddress("10.96.0.1")!])
        _ = state.apply([
            .replaced(kind: "Service", [service("kubernetes", clusterIP: "10.96.0.1", external: [])], unreadable: [])
        ])
        #expect(state.network?.serviceNetworks.count == 2)
    }
}
