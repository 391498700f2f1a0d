// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Testing

@testable import Reconcile

/// Addresses and servers that the cases below speak of.
private enum Fixture {
    static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    static let dns = VirtualServerKey("udp 192.0.2.2:53")!
    static let mail = VirtualServerKey("tcp 192.0.2.3:25")!
    static let a = Endpoint("198.51.100.1:80")!
    static let b = Endpoint("198.51.100.2:80")!
    static let busy = ConnectionCounts(active: 3, inactive: 1)

    static func desired(_ key: VirtualServerKey, _ servers: [RealServer] = [], scheduler: String = "rr")
        -> DesiredVirtualServer
    {
        DesiredVirtualServer(VirtualServer(key, scheduler: Scheduler(scheduler)), realServers: servers, name: "n")
    }

    static func observed(_ key: VirtualServerKey, _ servers: [ObservedRealServer] = []) -> ObservedVirtualServer {
        ObservedVirtualServer(VirtualServer(key, scheduler: Scheduler("rr")), realServers: servers)
    }

    static func owning(_ keys: VirtualServerKey..., drains: [Ledger.DrainKey: UInt64] = [:]) -> Ledger {
        Ledger(
            virtualServers: Dictionary(uniqueKeysWithValues: keys.map { ($0, Ledger.Ownership(name: "n")) }),
            drains: drains)
    }
}

private func plan(
    _ desired: [DesiredVirtualServer], _ observed: [ObservedVirtualServer], ledger: Ledger = Ledger(),
    now: UInt64 = 1000,
    policy: ReconcilePolicy = ReconcilePolicy()
) -> Plan {
    Planner.plan(
        desired: DesiredState(virtualServers: desired), observed: ObservedState(virtualServers: observed),
        ledger: ledger,
        now: now, policy: policy)
}

@Suite struct PlannerTests {
    fileprivate typealias F = Fixture

    @Test func addsVirtualServersBeforeTheirRealServers() {
        let plan = plan([F.desired(F.web, [RealServer(F.a)]), F.desired(F.dns, [RealServer(F.b)])], [])
        #expect(
            plan.changes.map(\.operation) == [
                .addVirtualServer(VirtualServer(F.web, scheduler: Scheduler("rr"))),
                .addVirtualServer(VirtualServer(F.dns, scheduler: Scheduler("rr"))),
                .addRealServer(RealServer(F.a), to: F.web), .addRealServer(RealServer(F.b), to: F.dns),
            ])
        #expect(plan.ledger == F.owning(F.web, F.dns))
    }

    @Test func whatWaitsForAnAddressGoesAtOnceAndIsNotHeldBack() {
        let servers = (1...30).map { F.desired(VirtualServerKey("tcp 192.0.2.\($0):80")!, [RealServer(F.a)]) }
        let inactive = servers.map { server in
            var server = server
            server.isActive = false
            return server
        }
        let busy = servers.map { F.observed($0.key, [ObservedRealServer(RealServer(F.a), connections: F.busy)]) }
        var ledger = Ledger()
        for server in servers { ledger.virtualServers[server.key] = Ledger.Ownership(name: "n") }
        let gone = plan(inactive, busy, ledger: ledger)
        #expect(gone.held == nil && gone.drains.isEmpty)
        #expect(gone.changes.map(\.operation) == servers.map { .removeVirtualServer($0.key) })
        #expect(gone.ledger.virtualServers.count == 30)
        // Not there, it does not come; another's stays.
        #expect(plan(inactive, []).changes.isEmpty && plan(inactive, []).ledger.virtualServers.isEmpty)
        let foreign = plan(inactive, busy)
        #expect(foreign.changes.isEmpty && foreign.foreign == servers.map(\.key))
        // The guard looks at the others as before.
        let held = plan(Array(inactive.prefix(10)), busy, ledger: ledger)
        #expect(held.held?.virtualServers == 20 && held.changes.count == 10)
    }

    @Test func nothingToDoIsEmptyAndKeepsTheLedger() {
        let plan = plan(
            [F.desired(F.web, [RealServer(F.a)])], [F.observed(F.web, [ObservedRealServer(RealServer(F.a))])],
            ledger: F.owning(F.web))
        #expect(plan.isEmpty && plan.adopted.isEmpty && plan.foreign.isEmpty)
        #expect(plan.ledger == F.owning(F.web))
    }

    @Test func editsNameExactlyTheFieldsThatChange() {
        var wanted = F.desired(
            F.web, [RealServer(F.a, forwarding: .direct, weight: 7, upperThreshold: 9)], scheduler: "mh")
        wanted.virtualServer.scheduler.flags = [.flag1]
        wanted.virtualServer.persistence = Persistence(timeout: 60, granularity: .mask(0xFFFF_FF00))
        wanted.virtualServer.engine = "sip"
        let plan = plan([wanted], [F.observed(F.web, [ObservedRealServer(RealServer(F.a))])], ledger: F.owning(F.web))
        #expect(plan.changes.map(\.kind) == [.edit, .edit])
        #expect(
            plan.changes[0].fields.map { "\($0.field): \($0.old) → \($0.new)" } == [
                "scheduler: rr → mh", "schedulerFlags:  → mh-fallback", "persistence: off → 60s",
                "granularity: 255.255.255.255 → 255.255.255.0", "engine: none → sip",
            ])
        #expect(
            plan.changes[1].fields.map { "\($0.field): \($0.old) → \($0.new)" } == [
                "forwarding: masquerade → direct", "weight: 1 → 7", "upperThreshold: 0 → 9",
            ])
    }

    @Test func replacementsAreMadeBeforeRemovals() {
        let plan = plan(
            [F.desired(F.web, [RealServer(F.b)])], [F.observed(F.web, [ObservedRealServer(RealServer(F.a))])],
            ledger: F.owning(F.web))
        #expect(
            plan.changes.map(\.operation) == [
                .addRealServer(RealServer(F.b), to: F.web), .removeRealServer(F.a, from: F.web),
            ])
    }

    /// Nobody is left without a real server on the way from one that serves to another.
    @Test func aWeightIsGivenBeforeAnotherIsTaken() {
        let plan = plan(
            [F.desired(F.web, [RealServer(F.a, weight: 0), RealServer(F.b)])],
            [
                F.observed(
                    F.web, [ObservedRealServer(RealServer(F.a)), ObservedRealServer(RealServer(F.b, weight: 0))])
            ], ledger: F.owning(F.web))
        #expect(
            plan.changes.map(\.operation) == [
                .editRealServer(RealServer(F.b), of: F.web), .editRealServer(RealServer(F.a, weight: 0), of: F.web),
            ])
    }

    @Test func foreignIsListedAndNeverTouched() {
        let plan = plan([], [F.observed(F.web, [ObservedRealServer(RealServer(F.a))]), F.observed(F.dns)])
        #expect(plan.isEmpty)
        #expect(plan.foreign == [F.web, F.dns])
        #expect(plan.ledger == Ledger())
    }

    @Test func aDeclaredVirtualServerThatExistsIsAdopted() {
        let first = plan([F.desired(F.web)], [F.observed(F.web)])
        #expect(first.isEmpty && first.adopted == [F.web])
        #expect(plan([F.desired(F.web)], [F.observed(F.web)], ledger: first.ledger).adopted.isEmpty)
    }

    @Test func ownedThatIsGoneAndUndeclaredIsForgotten() {
        #expect(plan([], [], ledger: F.owning(F.web)).ledger == Ledger())
    }

    @Test func aNodeLocalMarkSatisfiesEveryForwardingMethod() {
        let local = ObservedRealServer(RealServer(F.a, forwarding: .local))
        #expect(plan([F.desired(F.web, [RealServer(F.a)])], [F.observed(F.web, [local])]).isEmpty)
    }

    @Test func timeoutsChangeOnlyWhereDeclaredAndDifferent() {
        let plan = Planner.plan(
            desired: DesiredState(timeouts: ConnectionTimeouts(tcp: 100, udp: 300)),
            observed: ObservedState(timeouts: ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300)), ledger: Ledger(),
            now: 0)
        #expect(plan.changes.map(\.operation) == [.setTimeouts(ConnectionTimeouts(tcp: 100))])
        #expect(plan.changes[0].fields == [FieldChange(field: "tcp", old: "900s", new: "100s")])
    }
}

@Suite struct DrainTests {
    fileprivate typealias F = Fixture

    private func leaving(
        _ connections: ConnectionCounts, weight: UInt32 = 1, key: VirtualServerKey = F.web, since: UInt64? = nil,
        now: UInt64 = 1000, timeout: UInt32 = 900
    ) -> Plan {
        let drains = since.map { [Ledger.DrainKey(key, F.a): $0] } ?? [:]
        return plan(
            [F.desired(key)],
            [F.observed(key, [ObservedRealServer(RealServer(F.a, weight: weight), connections: connections)])],
            ledger: F.owning(key, drains: drains), now: now, policy: ReconcilePolicy(drainTimeout: timeout))
    }

    @Test func aBusyRealServerGetsWeightZeroAndAClock() {
        let plan = leaving(F.busy)
        #expect(plan.changes.map(\.operation) == [.editRealServer(RealServer(F.a, weight: 0), of: F.web)])
        #expect(plan.changes.map(\.kind) == [.drain])
        #expect(plan.ledger.drains == [Ledger.DrainKey(F.web, F.a): 1000])
        #expect(plan.drains.map(\.deadline) == [1900])
    }

    @Test func anIdleOneGoesAtOnce() {
        #expect(leaving(ConnectionCounts(persistent: 4)).changes.map(\.reason) == [.idle])
    }

    @Test func udpGoesAtOnce() {
        #expect(leaving(F.busy, key: F.dns).changes.map(\.reason) == [.connectionless])
    }

    @Test func withoutADrainTimeoutItGoesAtOnce() {
        #expect(leaving(F.busy, timeout: 0).changes.map(\.reason) == [.immediate])
    }

    @Test func theClockRunsOnBetweenRuns() {
        #expect(leaving(F.busy, weight: 0, since: 200).isEmpty)
        #expect(leaving(F.busy, weight: 0, since: 200).ledger.drains == [Ledger.DrainKey(F.web, F.a): 200])
        #expect(leaving(F.busy, weight: 0, since: 100).changes.map(\.reason) == [.deadline])
    }

    @Test func weightZeroWithoutARecordDrainsFromNow() {
        let plan = leaving(F.busy, weight: 0)
        #expect(plan.isEmpty && plan.drains.map(\.since) == [1000])
    }

    @Test func aClockThatWentBackBeginsAgain() {
        let plan = leaving(F.busy, weight: 0, since: 5000, now: 10)
        #expect(plan.isEmpty && plan.drains.map(\.deadline) == [910])
    }

    @Test func wantedAgainItIsRevived() {
        let plan = plan(
            [F.desired(F.web, [RealServer(F.a, weight: 5)])],
            [F.observed(F.web, [ObservedRealServer(RealServer(F.a, weight: 0), connections: F.busy)])],
            ledger: F.owning(F.web, drains: [Ledger.DrainKey(F.web, F.a): 1]))
        #expect(plan.changes.map(\.kind) == [.revive])
        #expect(plan.ledger.drains.isEmpty)
    }

    @Test func aLeavingVirtualServerStaysUntilItsLastRealServerHasGone() {
        let idle = ObservedRealServer(RealServer(F.b))
        let busy = ObservedRealServer(RealServer(F.a), connections: F.busy)
        let first = plan([], [F.observed(F.web, [busy, idle])], ledger: F.owning(F.web))
        #expect(
            first.changes.map(\.operation) == [
                .editRealServer(RealServer(F.a, weight: 0), of: F.web), .removeRealServer(F.b, from: F.web),
            ])
        let last = plan(
            [], [F.observed(F.web, [ObservedRealServer(RealServer(F.a, weight: 0))])], ledger: first.ledger)
        #expect(last.changes.map(\.operation) == [.removeVirtualServer(F.web)])
        #expect(last.changes[0].droppedRealServers == [F.a])
        #expect(last.ledger(afterFailuresAt: []) == Ledger())
        #expect(last.ledger(afterFailuresAt: [0]).owns(F.web))
    }

    @Test func theVirtualServersOwnTimeoutOutlivesItsDeclaration() {
        let ledger = Ledger(
            virtualServers: [F.web: Ledger.Ownership(drainTimeout: 5)], drains: [Ledger.DrainKey(F.web, F.a): 990])
        let busy = ObservedRealServer(RealServer(F.a, weight: 0), connections: F.busy)
        #expect(plan([], [F.observed(F.web, [busy])], ledger: ledger).changes.map(\.reason) == [.deadline])
    }
}

@Suite struct RemovalGuardTests {
    private static let keys = (0..<20).map {
        VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0200 + UInt32($0)), port: 80))
    }
    private static let ledger = Ledger(
        virtualServers: Dictionary(uniqueKeysWithValues: keys.map { ($0, Ledger.Ownership()) }))

    private func plan(keeping count: Int, guarded: RemovalGuard? = RemovalGuard(), realServers: Int = 1) -> Plan {
        let servers = (0..<realServers).map { RealServer(Endpoint(IPAddress(v4: 0xC633_6400 + UInt32($0)), port: 80)) }
        return Planner.plan(
            desired: DesiredState(virtualServers: Self.keys.prefix(count).map { Fixture.desired($0, servers) }),
            observed: ObservedState(
                virtualServers: Self.keys.map { Fixture.observed($0, servers.map { ObservedRealServer($0) }) }),
            ledger: Self.ledger, now: 0, policy: ReconcilePolicy(removalGuard: guarded))
    }

    @Test func halfMayGo() {
        #expect(plan(keeping: 10).held == nil)
        #expect(plan(keeping: 10).changes.count == 10)
    }

    @Test func moreThanHalfIsHeldAndNothingOfItHappens() {
        let plan = plan(keeping: 9)
        #expect(plan.isEmpty)
        #expect(
            plan.held == HeldRemovals(virtualServers: 11, ownedVirtualServers: 20, realServers: 0, ownedRealServers: 9))
        #expect(plan.ledger == Self.ledger.filled("n", Self.keys.prefix(9)))
    }

    @Test func withoutAGuardEverythingGoes() { #expect(plan(keeping: 0, guarded: nil).changes.count == 20) }

    @Test func fewMayAlwaysGo() {
        #expect(plan(keeping: 0, guarded: RemovalGuard(share: 0.5, minimum: 20)).held == nil)
    }

    /// A dump that went wrong looks like nothing at all: however little is ours, it stays unless that is meant.
    @Test func nothingAtAllHasToBeMeant() {
        let small = RemovalGuard(share: 1, minimum: 100, allowsNone: false)
        #expect(plan(keeping: 0, guarded: small).held?.virtualServers == 20)
        #expect(plan(keeping: 0, guarded: small).isEmpty)
        #expect(plan(keeping: 1, guarded: small).held == nil)
        #expect(plan(keeping: 20, guarded: small).held == nil)
    }

    @Test func vanishedRealServersCountToo() {
        let servers = [ObservedRealServer(RealServer(Fixture.a)), ObservedRealServer(RealServer(Fixture.b))]
        let plan = Planner.plan(
            desired: DesiredState(virtualServers: Self.keys.map { Fixture.desired($0) }),
            observed: ObservedState(virtualServers: Self.keys.map { Fixture.observed($0, servers) }),
            ledger: Self.ledger, now: 0)
        #expect(plan.isEmpty && plan.held?.realServers == 40)
    }

    @Test func replacedRealServersDoNot() {
        let plan = Planner.plan(
            desired: DesiredState(virtualServers: Self.keys.map { Fixture.desired($0, [RealServer(Fixture.b)]) }),
            observed: ObservedState(
                virtualServers: Self.keys.map { Fixture.observed($0, [ObservedRealServer(RealServer(Fixture.a))]) }),
            ledger: Self.ledger, now: 0)
        #expect(plan.held == nil && plan.changes.count == 40)
    }

    @Test func whatDrainsAlreadyIsNotHeldAgain() {
        let drains = Dictionary(uniqueKeysWithValues: Self.keys.map { (Ledger.DrainKey($0, Fixture.a), UInt64(0)) })
        let plan = Planner.plan(
            desired: DesiredState(),
            observed: ObservedState(
                virtualServers: Self.keys.map {
                    Fixture.observed($0, [ObservedRealServer(RealServer(Fixture.a, weight: 0))])
                }),
            ledger: Ledger(virtualServers: Self.ledger.virtualServers, drains: drains), now: 0)
        #expect(plan.held == nil && plan.changes.count == 20)
    }
}

@Suite struct SyncDaemonPlanTests {
    private let master = SyncDaemon(role: .master, interface: "eth0", syncID: 1)
    private let other = SyncDaemon(role: .master, interface: "eth1", syncID: 1)

    private func plan(_ desired: [SyncDaemon]?, _ running: [SyncDaemon], ours: Set<SyncDaemon.Role> = []) -> Plan {
        Planner.plan(
            desired: DesiredState(syncDaemons: desired), observed: ObservedState(syncDaemons: running),
            ledger: Ledger(syncDaemons: ours), now: 0)
    }

    @Test func startsReplacesAndStops() {
        #expect(plan([master], []).changes.map(\.operation) == [.startSyncDaemon(master)])
        #expect(plan([master], [master]).isEmpty)
        #expect(plan([master], [other]).changes.map(\.operation) == [.stopSyncDaemon(other), .startSyncDaemon(master)])
        #expect(plan(nil, [other]).isEmpty)
        #expect(plan(nil, [master], ours: [.master]).changes.map(\.operation) == [.stopSyncDaemon(master)])
        #expect(plan([], [other]).changes.map(\.operation) == [.stopSyncDaemon(other)])
    }

    @Test func theLedgerFollows() {
        #expect(plan([master], []).ledger(afterFailuresAt: []).syncDaemons == [.master])
        #expect(plan([master], []).ledger(afterFailuresAt: [0]).syncDaemons == [])
        #expect(plan([master], [other]).ledger(afterFailuresAt: []).syncDaemons == [.master])
        #expect(plan(nil, [master], ours: [.master]).ledger(afterFailuresAt: []).syncDaemons == [])
    }
}

extension Ledger {
    /// The ledger with names for some virtual servers.
    fileprivate func filled(_ name: String, _ keys: some Sequence<VirtualServerKey>) -> Ledger {
        var result = self
        for key in keys { result.virtualServers[key]?.name = name }
        return result
    }
}
