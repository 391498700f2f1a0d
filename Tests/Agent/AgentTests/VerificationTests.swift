// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Reconcile
import TestSupport
import Testing

@testable import Agent

/// What an agent does about the changes of others, over a kernel in memory.
@Suite struct VerificationTests {
    private struct Source: DesiredSource {
        let isComplete = true
        var desired: DesiredState

        var settings: DesiredState { DesiredState(timeouts: desired.timeouts, syncDaemons: desired.syncDaemons) }

        func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? {
            desired.virtualServers.first { $0.key == key }
        }
    }

    private let kernel = InMemoryKernel()
    private let state: TemporaryState
    private let synchronizer: Synchronizer
    private let source = Source(
        desired: DesiredState(
            virtualServers: (1...100).map { number in
                DesiredVirtualServer(
                    VirtualServer(key(number), scheduler: Scheduler("rr")),
                    realServers: [RealServer(endpoint(1)), RealServer(endpoint(2))])
            }, timeouts: ConnectionTimeouts(tcp: 100)))

    private static func key(_ number: Int) -> VirtualServerKey { VirtualServerKey("tcp 192.0.2.\(number):80")! }
    private static func endpoint(_ number: Int) -> Endpoint { Endpoint("198.51.100.\(number):80")! }

    init() throws {
        state = try TemporaryState()
        synchronizer = Synchronizer(
            table: kernel, store: state.store, policy: ReconcilePolicy(drainTimeout: 60), now: { 1_000 })
        _ = try synchronizer.synchronize(source.desired)
        // What was changed is looked at once.
        _ = try synchronizer.verify(source, auditing: 0)
    }

    private func verify(auditing share: Double = 0, repairs: Bool = true) throws -> SyncReport {
        try synchronizer.verify(source, auditing: share, repairs: repairs)
    }

    @Test func nothingIsLookedAtWhereNothingChanged() throws {
        let (whole, close) = (kernel.readCount, kernel.closeReadCount)
        let report = try verify()
        #expect(report.changes.isEmpty && report.drift.isEmpty && !report.isWhole)
        #expect(report.counts?.ours.virtualServers == 100 && report.counts?.ours.realServers == 200)
        #expect(kernel.readCount == whole && kernel.closeReadCount == close)
    }

    @Test(
        arguments: [
            ([.removeVirtualServer(key(7))], [.virtualServerMissing], 3),
            ([.editVirtualServer(VirtualServer(key(7), scheduler: Scheduler("sh")))], [.virtualServerChanged], 1),
            ([.removeRealServer(endpoint(1), from: key(7))], [.realServerMissing], 1),
            ([.editRealServer(RealServer(endpoint(1), weight: 9), of: key(7))], [.realServerChanged], 1),
            ([.addRealServer(RealServer(endpoint(9)), to: key(7))], [.realServerUnknown], 1),
            ([.setTimeouts(ConnectionTimeouts(tcp: 5))], [.settings], 1),
            (
                [.removeRealServer(endpoint(1), from: key(7)), .removeVirtualServer(key(8))],
                [.virtualServerMissing, .realServerMissing], 4
            ),
        ] as [([TableOperation], [Drift.Kind], Int)])
    func driftIsFoundAndRepaired(_ operations: [TableOperation], _ kinds: [Drift.Kind], _ changes: Int) throws {
        _ = try kernel.apply(operations)
        let whole = kernel.readCount
        let told = try verify(repairs: false)
        #expect(told.drift.map(\.kind) == kinds && told.changes.isEmpty)
        #expect(try verify().changes.count == changes)
        #expect(kernel.readCount == whole)
        #expect(try verify().drift.isEmpty)
        #expect(
            kernel.virtualServers.mapValues { $0.realServers.map(\.realServer) }
                == .init(uniqueKeysWithValues: source.desired.virtualServers.map { ($0.key, $0.realServers) }))
    }

    /// A listing does not show thresholds, so only the audit finds a changed one; it comes to every virtual server.
    @Test func theAuditFindsWhatNoListingShows() throws {
        let limited = RealServer(Self.endpoint(1), upperThreshold: 5)
        _ = try kernel.apply([.editRealServer(limited, of: Self.key(7)), .editRealServer(limited, of: Self.key(90))])
        #expect(try verify().drift.isEmpty)
        var found = 0
        for _ in 1...20 { found += try verify(auditing: 0.05).drift.count }
        #expect(found == 2)
        #expect(try verify(auditing: 1).drift.isEmpty)
    }

    /// Whatever the table grows by in the middle of a round, and whatever changes: nobody is looked at later than its turn.
    @Test func theAuditComesToEverybodyInOneRound() throws {
        var source = source
        for _ in 1...10 { _ = try verify(auditing: 0.05) }
        let added = (101...250).map { number in
            DesiredVirtualServer(
                VirtualServer(Self.key(number), scheduler: Scheduler("rr")), realServers: [RealServer(Self.endpoint(1))]
            )
        }
        source.desired.virtualServers += added
        _ = try synchronizer.synchronize(source.desired)
        _ = try synchronizer.verify(source, auditing: 0)
        let limited = RealServer(Self.endpoint(1), upperThreshold: 5)
        _ = try kernel.apply((1...250).map { .editRealServer(limited, of: Self.key($0)) })
        for number in 1...20 {
            // Those that change all the time are looked at for that, and hold up no other.
            _ = try synchronizer.synchronize(only: [Self.key(number)], [try #require(source.desired(Self.key(number)))])
            _ = try synchronizer.verify(source, auditing: 0.05)
        }
        let limits = kernel.virtualServers.values.flatMap { $0.realServers.map(\.realServer.upperThreshold) }
        #expect(limits.count == 350 && limits.count { $0 != 0 } == 0)
    }

    /// What was looked at long ago and often since takes no room.
    @Test func theQueueOfLooksStaysSmall() {
        var queue = LookQueue()
        var last: [VirtualServerKey: UInt64] = [:]
        for number in 1...100_000 {
            let key = Self.key(number % 200 + 1)
            last[key] = queue.append(key)
            queue.tidy(count: last.count) { last[$0] }
            if number % 1_000 == 0 { _ = queue.next(7) { last[$0] } }
        }
        #expect(queue.length <= 4 * last.count + 65)
        #expect(queue.next(200) { last[$0] }.count == 200)
    }

    @Test func manySuspectsAreLookedAtTogether() throws {
        let whole = kernel.readCount
        _ = try kernel.apply((1...90).map { .removeVirtualServer(Self.key($0)) })
        let report = try verify()
        #expect(report.isWhole && report.drift.count == 90 && kernel.readCount == whole + 1)
        #expect(kernel.virtualServers.count == 100)
    }

    @Test func whatOthersMadeIsCountedAndLeftAlone() throws {
        let foreign = VirtualServerKey("udp 203.0.113.1:53")!
        _ = try kernel.apply([.addVirtualServer(VirtualServer(foreign))])
        let report = try verify()
        #expect(report.counts?.foreign.virtualServers == 1 && report.drift.isEmpty)
        #expect(kernel.virtualServers[foreign] != nil)
    }

    @Test func aDrainThatEndsIsNobodysDrift() throws {
        var source = source
        kernel.setConnections(ConnectionCounts(active: 1), of: Self.endpoint(2), in: Self.key(7))
        source.desired.virtualServers[6].realServers.removeLast()
        _ = try synchronizer.synchronize(only: [Self.key(7)], [source.desired.virtualServers[6]])
        kernel.setConnections(ConnectionCounts(), of: Self.endpoint(2), in: Self.key(7))
        let report = try synchronizer.verify(source, auditing: 1)
        #expect(report.drift.isEmpty && report.changes.count == 1)
    }

    @Test func firewallMarksAreAlwaysLookedAt() throws {
        var source = source
        let mark = VirtualServerKey.firewallMark(7, .ipv6)
        source.desired.virtualServers.append(DesiredVirtualServer(VirtualServer(mark, scheduler: Scheduler("rr"))))
        _ = try synchronizer.synchronize(source.desired)
        _ = try synchronizer.verify(source, auditing: 0)
        _ = try kernel.apply([.editVirtualServer(VirtualServer(mark, scheduler: Scheduler("sh", flags: [.flag1])))])
        #expect(try synchronizer.verify(source, auditing: 0).drift.map(\.kind) == [.virtualServerChanged])
    }
}
