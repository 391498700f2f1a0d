// swift-format-ignore-file: NeverForceUnwrap

import Glibc
import LoadBalancing
import Netlink
import NodeNetwork
import Reconcile
import TestSupport
import Testing

@testable import Agent

/// That the kernel's list of real servers ends in the same order, whatever happened before.
@Suite struct OrderTests {
    private struct Source: DesiredSource {
        let server: DesiredVirtualServer
        let isComplete = true
        let settings = DesiredState()
        var desired: DesiredState { DesiredState(virtualServers: [server]) }
        func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? { key == server.key ? server : nil }
    }

    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private let kernel = InMemoryKernel()
    private let state: TemporaryState
    private let sysctls: TemporarySysctls
    private let synchronizer: Synchronizer

    init() throws {
        state = try TemporaryState()
        sysctls = try TemporarySysctls()
        synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(), now: { 5 })
        synchronizer.shelter = PacketShelter(Sysctls(root: sysctls.root))
        synchronizer.policy.keepsSettings = true
    }

    private static func server(_ number: Int, weight: UInt32 = 1) -> RealServer {
        RealServer(Endpoint("198.51.100.\(number):80")!, forwarding: .direct, weight: weight)
    }

    private static func desired(_ servers: [RealServer], isOrdered: Bool = true) -> DesiredVirtualServer {
        var desired = DesiredVirtualServer(
            VirtualServer(web, scheduler: Scheduler("mh", flags: [.flag1, .flag2])),
            realServers: servers.sorted { $0.endpoint < $1.endpoint })
        desired.isOrdered = isOrdered
        return desired
    }

    /// The kernel's list, the last addition first; what drains does not count.
    private var order: [Endpoint] {
        (kernel.virtualServers[Self.web]?.realServers ?? []).filter { $0.realServer.weight > 0 }
            .sorted { $0.position! < $1.position! }.map(\.endpoint)
    }

    private func moves(_ report: SyncReport) -> Int { report.changes.count { $0.operation.isMove } }

    @Test func onlyWhatStandsBehindASmallerOneMoves() throws {
        _ = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired([1, 3, 5, 7].map { Self.server($0) })]))
        #expect(order == [7, 5, 3, 1].map { Self.server($0).endpoint })
        // The largest needs no move, one in the middle those above it.
        var report = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired([1, 3, 5, 7, 9].map { Self.server($0) })]))
        #expect(moves(report) == 0 && report.changes.count == 1)
        report = try #require(
            try synchronizer.synchronize(only: [Self.web], [Self.desired([1, 3, 4, 5, 7, 9].map { Self.server($0) })]))
        #expect(moves(report) == 3 && report.changes.count == 4)
        #expect(order == [9, 7, 5, 4, 3, 1].map { Self.server($0).endpoint })
        #expect(report.changes.last?.reason == .order)
        // Nothing is left to do; and what is out of order by another's hand is put right.
        #expect(
            try synchronizer.synchronize(only: [Self.web], [Self.desired([1, 3, 4, 5, 7, 9].map { Self.server($0) })])?
                .changes.isEmpty == true)
        _ = try kernel.apply([.moveRealServer(Self.server(5), of: Self.web)])
        report = try #require(
            try synchronizer.synchronize(only: [Self.web], [Self.desired([1, 3, 4, 5, 7, 9].map { Self.server($0) })]))
        #expect(moves(report) == 2 && order == [9, 7, 5, 4, 3, 1].map { Self.server($0).endpoint })
        // Without an order, an addition is an addition.
        report = try #require(
            try synchronizer.synchronize(
                only: [Self.web], [Self.desired([1, 2, 3, 4, 5, 7, 9].map { Self.server($0) }, isOrdered: false)]))
        #expect(moves(report) == 0 && order.first == Self.server(2).endpoint)
    }

    /// Connections, drains and changes of weight do not keep two nodes from ending alike.
    @Test(arguments: 1...40) func everyHistoryEndsInOneOrder(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var servers: [RealServer] = []
        for _ in 0..<12 {
            servers = (1...12).filter { _ in Bool.random(using: &generator) }
                .map { Self.server($0, weight: UInt32.random(in: 1...3, using: &generator)) }
            if servers.isEmpty { servers = [Self.server(1)] }
            for server in kernel.virtualServers[Self.web]?.realServers ?? [] {
                let counts = ConnectionCounts(active: UInt32.random(in: 0...1, using: &generator))
                kernel.setConnections(counts, of: server.endpoint, in: Self.web)
            }
            let served = !(kernel.virtualServers[Self.web]?.realServers.isEmpty ?? true)
            kernel.beforeOperation = { (_, kernel) throws(NetlinkError) in
                let left = kernel.virtualServers[Self.web]?.realServers ?? []
                #expect(!served || left.contains { $0.realServer.weight > 0 })
            }
            if Bool.random(using: &generator) {
                _ = try synchronizer.synchronize(only: [Self.web], [Self.desired(servers)])
            } else {
                _ = try synchronizer.synchronize(DesiredState(virtualServers: [Self.desired(servers)]))
            }
        }
        let wanted = Set(servers.map(\.endpoint))
        #expect(order.filter(wanted.contains) == wanted.sorted(by: >))
        #expect(sysctls["net/ipv4/vs/expire_nodest_conn"] == "0")
    }

    /// A moment without it would cost new connections.
    @Test func theOnlyOneThatServesStaysWhereItIs() throws {
        let (first, second) = (Self.server(1, weight: 0), Self.server(2))
        _ = try kernel.apply([
            .addVirtualServer(Self.desired([]).virtualServer), .addRealServer(second, to: Self.web),
            .addRealServer(first, to: Self.web),
        ])
        let report = try synchronizer.synchronize(DesiredState(virtualServers: [Self.desired([first, second])]))
        #expect(moves(report) == 0)
        let later = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired([Self.server(1), second])]))
        #expect(moves(later) == 1 || moves(later) == 0)
        _ = try synchronizer.synchronize(DesiredState(virtualServers: [Self.desired([Self.server(1), second])]))
        #expect(order == [second.endpoint, first.endpoint])
    }

    /// It is the one that all others are placed by, so nothing is moved again and again.
    @Test func whatIsNotMovedKeepsNobodyMoving() throws {
        _ = try kernel.apply([
            .addVirtualServer(Self.desired([]).virtualServer), .addRealServer(Self.server(2), to: Self.web),
            .addRealServer(Self.server(3, weight: 0), to: Self.web),
        ])
        let desired = Self.desired([Self.server(1, weight: 0), Self.server(2), Self.server(3, weight: 0)])
        let first = try synchronizer.synchronize(DesiredState(virtualServers: [desired]))
        #expect(moves(first) == 0 && first.changes.count == 1)
        for _ in 1...3 {
            #expect(try synchronizer.synchronize(DesiredState(virtualServers: [desired])).changes.isEmpty)
        }
        // Those that get a weight get their place.
        let all = Self.desired([1, 2, 3].map { Self.server($0) })
        for _ in 1...3 { _ = try synchronizer.synchronize(DesiredState(virtualServers: [all])) }
        #expect(order == [3, 2, 1].map { Self.server($0).endpoint })
        #expect(try synchronizer.synchronize(DesiredState(virtualServers: [all])).changes.isEmpty)
    }

    /// A large virtual server is put in order in parts, so that nobody else waits for it.
    @Test func anOrderIsMadeInParts() throws {
        let numbers = Array(1...40)
        _ = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired(numbers.dropFirst().map { Self.server($0) })]))
        synchronizer.policy.movesAtOnce = 10
        let all = DesiredState(virtualServers: [Self.desired(numbers.map { Self.server($0) })])
        var counts: [Int] = []
        var report = try synchronizer.synchronize(all)
        #expect(report.plan.unordered == [Self.web])
        while !report.changes.isEmpty, counts.count < 20 {
            counts.append(moves(report))
            report = try synchronizer.synchronize(all)
        }
        #expect(counts == [10, 10, 10, 9] && report.plan.unordered.isEmpty)
        #expect(order == numbers.reversed().map { Self.server($0).endpoint })
    }

    /// The agent goes on by itself, and not where what it should do is refused.
    @Test(arguments: [true, false]) func anAgentGoesOnWithAnOrder(isRefused: Bool) throws {
        _ = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired((2...30).map { Self.server($0) })]))
        synchronizer.policy.movesAtOnce = 10
        synchronizer.policy.keepsSettings = !isRefused
        sysctls["net/ipv4/vs/expire_nodest_conn"] = "1"
        let source = Source(server: Self.desired((1...30).map { Self.server($0) }))
        var (now, generator) = (ContinuousClock.now, SystemRandomNumberGenerator())
        var loop = AgentLoop(synchronizer, now: now)
        var steps = 0
        for _ in 0..<40 {
            while loop.step(source, now: now, using: &generator) != nil { steps += 1 }
            now += .milliseconds(150)
        }
        #expect(steps < 20)
        #expect((order == (1...30).reversed().map { Self.server($0).endpoint }) == !isRefused)
        #expect(sysctls["net/ipv4/vs/expire_nodest_conn"] == "1")
        #expect(loop.refused.isEmpty == !isRefused)
        #expect(loop.refused.allSatisfy { $0.contains("have network.sysctls see to it") })
    }

    /// Nobody takes the moment's value for the host's.
    @Test func theNodesSettingsAreNotReadMeanwhile() throws {
        let key = "net/ipv4/vs/expire_nodest_conn"
        sysctls[key] = "1"
        let values = Inbox<String>()
        let (folder, root) = (sysctls, sysctls.root)
        let reader = Worker<Void, String>(
            { _ in SettingsLock.shared.hold { (try? Sysctls(root: root).read(key)) ?? "none" } }, done: values.put)
        let found = try PacketShelter(Sysctls(root: root)).shelter(keepsSettings: true) {
            reader.hand(())
            #expect(!reader.finish(by: .now + .milliseconds(200)))
            return folder[key]
        }
        #expect(found.get() == "0")
        #expect(reader.finish(by: .now + .seconds(60)) && values.take() == ["1"])
    }

    /// Packets that come while a real server is out must be lost, not given to another one.
    @Test func connectionsAreShelteredMeanwhile() throws {
        let key = "net/ipv4/vs/expire_nodest_conn"
        sysctls[key] = "1"
        var seen: [String?] = []
        let (folder, kernel) = (sysctls, self.kernel)
        _ = try synchronizer.synchronize(DesiredState(virtualServers: [Self.desired([1, 3].map { Self.server($0) })]))
        kernel.beforeOperation = { (_, _) throws(NetlinkError) in seen.append(folder[key]) }
        _ = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired([1, 2, 3].map { Self.server($0) })]))
        #expect(seen == ["0", "0"] && sysctls[key] == "1")
        seen = []
        _ = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired([1, 2, 3, 4].map { Self.server($0) })]))
        #expect(seen == ["1"])
        kernel.errorAfterNextApply = NetlinkError(.answersLost, operation: "apply")
        _ = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired([0, 1, 2, 3, 4].map { Self.server($0) })]))
        #expect(sysctls[key] == "1" && order == [4, 3, 2, 1, 0].map { Self.server($0).endpoint })
    }

    /// Where the setting cannot be turned off, all is done but the moves, and that is told.
    @Test func withoutShelterNothingIsMoved() throws {
        // A folder in the place of the setting: it can be neither read nor written.
        sysctls["net/ipv4/vs/expire_nodest_conn"] = nil
        #expect(mkdir("\(sysctls.root)/net/ipv4/vs/expire_nodest_conn", 0o700) == 0)
        _ = try synchronizer.synchronize(DesiredState(virtualServers: [Self.desired([1, 3].map { Self.server($0) })]))
        let report = try synchronizer.synchronize(
            DesiredState(virtualServers: [Self.desired([1, 2, 3].map { Self.server($0) })]))
        #expect(order == [2, 3, 1].map { Self.server($0).endpoint })
        #expect(report.failures.count == 1)
        let text = report.failures.first?.description ?? ""
        #expect(text.contains("198.51.100.3:80 cannot be moved") && text.contains("net.ipv4.vs.expire_nodest_conn"))
    }
}
