// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Netlink
import Reconcile
import TestSupport
import Testing

@testable import Agent

/// The loop with a clock of the test's own, over a kernel in memory.
@Suite struct AgentLoopTests {
    private struct Source: DesiredSource {
        var isComplete = true
        var servers: [VirtualServerKey: DesiredVirtualServer] = [:]
        var desired: DesiredState {
            DesiredState(virtualServers: servers.values.sorted { $0.key < $1.key })
        }

        var settings = DesiredState()

        func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? { servers[key] }

        mutating func set(_ number: Int, _ endpoints: [Int]) -> VirtualServerKey {
            let key = VirtualServerKey("tcp 192.0.2.\(number):80")!
            servers[key] = DesiredVirtualServer(
                VirtualServer(key), realServers: endpoints.map { RealServer(Endpoint("198.51.100.\($0):80")!) })
            return key
        }
    }

    private let kernel = InMemoryKernel()
    private let state: TemporaryState
    private let start = ContinuousClock.now

    init() throws { state = try TemporaryState() }

    private func loop(at time: Duration = .zero) -> AgentLoop {
        AgentLoop(
            Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(drainTimeout: 60), now: { 1_000 }),
            now: start + time)
    }

    private func step(_ loop: inout AgentLoop, _ source: Source, _ time: Duration) -> SyncReport? {
        var generator = SeededGenerator(seed: 1)
        guard case .success(let report) = loop.step(source, now: start + time, using: &generator)?.result else {
            return nil
        }
        return report
    }

    @Test func changesNothingBeforeEverySourceHasSpoken() {
        var loop = loop()
        var source = Source(isComplete: false)
        _ = source.set(1, [1])
        #expect(step(&loop, source, .seconds(100)) == nil)
        #expect(kernel.operationCount == 0)
        source.isComplete = true
        #expect(step(&loop, source, .seconds(100))?.operations == 2)
    }

    @Test func aChangeLooksAtItsVirtualServerOnly() {
        var loop = loop()
        var source = Source()
        for number in 1...20 { _ = source.set(number, [1, 2]) }
        #expect(step(&loop, source, .zero)?.operations == 60)
        #expect(kernel.readCount == 1)
        loop.note([source.set(7, [1, 3])], at: start)
        #expect(loop.due == start + .milliseconds(100))
        #expect(step(&loop, source, .milliseconds(50)) == nil)
        // One comes; one gets weight 0 and goes.
        #expect(step(&loop, source, .milliseconds(100))?.operations == 3)
        #expect(kernel.readCount == 1 && kernel.closeReadCount == 0)
        #expect(
            kernel.readState(statistics: false).virtualServers.map(\.realServers.count)
                == .init(repeating: 2, count: 20))
    }

    @Test func driftIsRepairedAtTheInterval() throws {
        var loop = loop()
        var source = Source()
        let key = source.set(1, [1])
        _ = step(&loop, source, .zero)
        _ = try kernel.apply([.removeVirtualServer(key)])
        #expect(step(&loop, source, .seconds(20)) == nil)
        #expect(step(&loop, source, .seconds(34))?.changes.count == 2)
        #expect(kernel.virtualServers[key] != nil)
    }

    @Test func aDrainIsWatchedUntilItIsIdle() {
        var loop = loop()
        var source = Source()
        let key = source.set(1, [1, 2])
        _ = step(&loop, source, .zero)
        let leaving = Endpoint("198.51.100.2:80")!
        kernel.setConnections(ConnectionCounts(active: 1), of: leaving, in: key)
        loop.note([source.set(1, [1])], at: start)
        #expect(step(&loop, source, .seconds(1))?.plan.drains.count == 1)
        #expect(loop.due == start + .seconds(6))
        #expect(step(&loop, source, .seconds(6))?.changes.isEmpty == true)
        kernel.setConnections(ConnectionCounts(), of: leaving, in: key)
        #expect(step(&loop, source, .seconds(11))?.changes.count == 1)
        #expect(kernel.virtualServers[key]?.realServers.count == 1)
        #expect(kernel.readCount == 1)
    }

    @Test func whatFailedIsTriedAgainLaterAndLater() {
        var loop = loop()
        var source = Source()
        let key = source.set(1, [1])
        kernel.refusals[.addVirtualServer(VirtualServer(key))] = 12
        var times: [Duration] = []
        var time = Duration.zero
        for _ in 1...4 {
            #expect(step(&loop, source, time)?.failures.isEmpty == false)
            times.append(loop.due - start - time)
            time = loop.due - start
        }
        #expect(times == times.sorted() && times[3] >= .seconds(4))
        kernel.refusals = [:]
        #expect(step(&loop, source, time)?.failures.isEmpty == true)
        #expect(kernel.virtualServers[key] != nil)
    }

    @Test func aFailureHoldsUpNothingElse() {
        var loop = loop()
        var source = Source()
        let refused = source.set(1, [1])
        kernel.refusals[.addVirtualServer(VirtualServer(refused))] = 12
        _ = step(&loop, source, .zero)
        let key = source.set(2, [2])
        loop.note([key], at: start)
        #expect(step(&loop, source, .milliseconds(100))?.failures.isEmpty == true)
        #expect(kernel.virtualServers[key] != nil)
        kernel.refusals = [:]
        #expect(step(&loop, source, .seconds(1))?.failures.isEmpty == true)
        #expect(kernel.virtualServers[refused] != nil)
    }

    @Test func everyFailureHasItsOwnTime() {
        var loop = loop()
        var source = Source()
        let early = source.set(1, [1])
        kernel.refusals[.addVirtualServer(VirtualServer(early))] = 12
        var time = Duration.zero
        for _ in 1...5 {
            _ = step(&loop, source, time)
            time = loop.due - start
        }
        let late = source.set(2, [2])
        kernel.refusals[.addVirtualServer(VirtualServer(late))] = 12
        loop.note([late], at: start)
        let moment = loop.due - start
        _ = step(&loop, source, moment)
        // The new one is tried again after a second at most, though the old one waits for longer.
        let first = loop.due - start
        #expect(first - moment <= .seconds(1))
        let tried = kernel.operationCount
        _ = step(&loop, source, first)
        #expect(kernel.operationCount == tried + 2)
    }

    @Test(arguments: [DriftPolicy.report, .ignore]) func driftThatIsNotRepaired(_ policy: DriftPolicy) throws {
        var loop = loop()
        loop.driftPolicy = policy
        var source = Source()
        let key = source.set(1, [1])
        _ = step(&loop, source, .zero)
        _ = try kernel.apply([.removeVirtualServer(key)])
        var generator = SeededGenerator(seed: 1)
        var told: [Drift.Kind] = []
        for second in 1...200 {
            told +=
                loop.step(source, now: start + .seconds(second), using: &generator)?.drift.map(\.kind) ?? []
        }
        #expect(told == (policy == .report ? [.virtualServerMissing] : []))
        #expect(kernel.virtualServers[key] == nil)
        loop.note([source.set(1, [1, 2])], at: start)
        _ = step(&loop, source, .seconds(300))
        #expect(kernel.virtualServers[key]?.realServers.count == 2)
    }

    @Test func manyRemovalsAreJudgedByTheWhole() {
        var loop = loop()
        var source = Source()
        for number in 1...200 { _ = source.set(number, [1, 2]) }
        _ = step(&loop, source, .zero)
        // All endpoints of one virtual server, and few of all: 12 of its 12, beside 400 others.
        let key = source.set(201, Array(1...12))
        loop.note([key], at: start)
        _ = step(&loop, source, .seconds(1))
        loop.note([source.set(201, [])], at: start)
        #expect(step(&loop, source, .seconds(2))?.plan.held == nil)
        #expect(kernel.virtualServers[key]?.realServers.isEmpty == true)
    }

    /// Nobody knows what the Service wants: neither its virtual servers go nor their real servers, and others' do.
    @Test func whatIsHeldStays() throws {
        var names: [VirtualServerKey: String] = [:]
        func desired(_ endpoints: [Int: [Int]]) -> DesiredState {
            DesiredState(
                virtualServers: endpoints.keys.sorted().map { number in
                    let key = VirtualServerKey("tcp 192.0.2.\(number):80")!
                    names[key] = number == 4 ? "shop/free" : number == 3 ? "dark/any:http" : "shop/web"
                    return DesiredVirtualServer(
                        VirtualServer(key),
                        realServers: endpoints[number]!.map { RealServer(Endpoint("198.51.100.\($0):80")!) },
                        name: names[key])
                })
        }
        var policy = ReconcilePolicy(drainTimeout: 0, removalGuard: nil)
        let synchronizer = Synchronizer(table: kernel, store: self.state.store, policy: policy, now: { 1_000 })
        _ = try synchronizer.synchronize(desired([1: [1, 2], 2: [1], 3: [1], 4: [1, 2]]))
        policy.heldServices = HeldServices(services: ["shop/web"], namespaces: ["dark"])
        synchronizer.policy = policy
        _ = try synchronizer.synchronize(desired([1: [2, 3], 4: [2]]))
        let counts = kernel.virtualServers.values.sorted { $0.key < $1.key }.map(\.realServers.count)
        #expect(counts == [3, 1, 1, 1])
        // It can be read after all.
        policy.heldServices = HeldServices()
        synchronizer.policy = policy
        _ = try synchronizer.synchronize(desired([1: [2, 3], 4: [2]]))
        #expect(kernel.virtualServers.values.sorted { $0.key < $1.key }.map(\.realServers.count) == [2, 1])
    }

    @Test func foreignVirtualServersStay() throws {
        var loop = loop()
        var source = Source()
        let foreign = VirtualServerKey("tcp 192.0.2.250:80")!
        _ = try kernel.apply([.addVirtualServer(VirtualServer(foreign))])
        _ = source.set(1, [1])
        _ = step(&loop, source, .zero)
        loop.note([foreign], at: start)
        _ = step(&loop, source, .seconds(1))
        #expect(kernel.virtualServers[foreign] != nil)
    }

    /// Thousands of random changes, each by itself: the table and the ledger are as one sync of everything makes them.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func changesOneByOneEqualASyncOfEverything(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var loop = loop()
        var source = Source()
        var time = Duration.zero
        for _ in 1...150 {
            let number = Int.random(in: 1...12, using: &generator)
            let key: VirtualServerKey
            if Int.random(in: 0..<4, using: &generator) == 0 {
                key = source.set(number, [])
                source.servers[key] = nil
            } else {
                key = source.set(number, (1...6).filter { _ in Bool.random(using: &generator) })
            }
            loop.note([key], at: start)
            time += .milliseconds(100)
            _ = loop.step(source, now: start + time, using: &generator)
            #expect(
                kernel.virtualServers.mapValues { $0.realServers.map(\.endpoint) }
                    == source.servers.mapValues { $0.realServers.map(\.endpoint) })
        }
        #expect(Set(try state.store.load().ledger.virtualServers.keys) == Set(source.servers.keys))
    }
}
