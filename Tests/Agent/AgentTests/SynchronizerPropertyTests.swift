// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Netlink
import Reconcile
import TestSupport
import Testing

@testable import Agent

/// What must hold for any history, tried on random ones.
@Suite struct SynchronizerPropertyTests {
    private static let foreign = VirtualServer(VirtualServerKey("tcp 203.0.113.1:443")!, scheduler: Scheduler("lc"))
    private static let policy = ReconcilePolicy(drainTimeout: 100, removalGuard: nil)
    private static let crash = NetlinkError(.system(4), operation: "crash")

    private let state: TemporaryState

    init() throws { state = try TemporaryState() }

    /// The table as it would be declared, without what drains.
    private func settled(_ kernel: InMemoryKernel) -> [DesiredVirtualServer] {
        kernel.virtualServers.values.sorted { $0.key < $1.key }.filter { $0.key != Self.foreign.key }.map { server in
            DesiredVirtualServer(server.virtualServer, realServers: server.realServers.map(\.realServer))
        }
    }

    private func bare(_ desired: DesiredState) -> [DesiredVirtualServer] {
        desired.virtualServers.map { DesiredVirtualServer($0.virtualServer, realServers: $0.realServers) }
    }

    private func connectAtRandom(_ kernel: InMemoryKernel, _ states: inout RandomStates) {
        for server in kernel.virtualServers.values.sorted(by: { $0.key < $1.key }) {
            for realServer in server.realServers {
                let counts = ConnectionCounts(active: UInt32(states.number(0..<3)))
                kernel.setConnections(counts, of: realServer.endpoint, in: server.key)
            }
        }
    }

    @Test(arguments: 0..<60)
    func anyHistoryEndsInWhatIsDeclared(_ seed: Int) throws {
        var states = RandomStates(seed: UInt64(seed))
        let kernel = InMemoryKernel()
        _ = try kernel.apply([.addVirtualServer(Self.foreign)])
        var now: UInt64 = 1000
        var desired = DesiredState()
        for _ in 0..<12 {
            desired = states.desired()
            now += UInt64(states.number(0..<60))
            try sync(kernel, state, desired, now)
            connectAtRandom(kernel, &states)
        }
        // Past every deadline.
        try sync(kernel, state, desired, now)
        try sync(kernel, state, desired, now + 101)
        #expect(settled(kernel) == bare(desired))
        #expect(kernel.virtualServers[Self.foreign.key]?.virtualServer == Self.foreign)
        let ledger = try state.store.load().ledger
        #expect(ledger.virtualServers.keys.sorted() == desired.virtualServers.map(\.key))
        #expect(ledger.drains.isEmpty)
    }

    @Test(arguments: 0..<20)
    func aCrashAnywhereIsMadeGoodByOneRun(_ seed: Int) throws {
        var states = RandomStates(seed: UInt64(1_000 + seed))
        let (before, after) = (states.desired(), states.desired())
        for crashPoint in 0..<200 {
            let kernel = InMemoryKernel()
            let state = try TemporaryState()
            defer { withExtendedLifetime(state) {} }
            _ = try kernel.apply([.addVirtualServer(Self.foreign)])
            try sync(kernel, state, before, 10)
            kernel.beforeOperation = { (index, _) throws(NetlinkError) in
                if index == crashPoint { throw Self.crash }
            }
            let crashed = (try? sync(kernel, state, after, 20)) == nil
            kernel.beforeOperation = nil
            try sync(kernel, state, after, 30)
            #expect(settled(kernel) == bare(after))
            #expect(try state.store.load().ledger.virtualServers.keys.sorted() == after.virtualServers.map(\.key))
            #expect(kernel.virtualServers[Self.foreign.key] != nil)
            if !crashed { break }
        }
    }

    @Test(arguments: 0..<60)
    func aVirtualServerIsNeverEmptyOnTheWay(_ seed: Int) throws {
        var states = RandomStates(seed: UInt64(2_000 + seed))
        let (before, after) = (states.desired(), states.desired())
        let kernel = InMemoryKernel()
        try sync(kernel, state, before, 10)
        let full = Set(
            before.virtualServers.filter { !$0.realServers.isEmpty }.map(\.key)
        ).intersection(after.virtualServers.filter { !$0.realServers.isEmpty }.map(\.key))
        kernel.beforeOperation = { _, kernel in
            for key in full {
                #expect(kernel.virtualServers[key]?.realServers.isEmpty == false, "\(key) is empty")
            }
        }
        try sync(kernel, state, after, 20)
    }

    private func sync(_ kernel: InMemoryKernel, _ state: TemporaryState, _ desired: DesiredState, _ now: UInt64) throws
    {
        let report = try Synchronizer(table: kernel, store: state.store, policy: Self.policy, now: { now })
            .synchronize(desired)
        #expect(report.failures.isEmpty)
    }
}
