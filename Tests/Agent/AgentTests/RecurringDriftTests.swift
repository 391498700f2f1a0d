// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Reconcile
import Testing

@testable import Agent

@Suite struct RecurringDriftTests {
    private static let key = VirtualServerKey("tcp 192.0.2.1:80")!

    /// What a sync finds that has lost real servers of a virtual server of ours.
    private func drift(_ missing: [String]) -> [Drift] {
        let servers = missing.map { RealServer(Endpoint($0)!) }
        let ledger = Ledger(virtualServers: [Self.key: .init()])
        let plan = Planner.plan(
            desired: DesiredState(virtualServers: [DesiredVirtualServer(VirtualServer(Self.key), realServers: servers)]
            ),
            observed: ObservedState(virtualServers: [ObservedVirtualServer(VirtualServer(Self.key))]), ledger: ledger,
            now: 0, policy: ReconcilePolicy())
        return plan.drift(since: ledger)
    }

    @Test func whatComesBackOftenIsToldOnce() {
        var recurring = RecurringDrift()
        let start = ContinuousClock.now
        func take(_ missing: [String], after minutes: Int) -> [String] {
            recurring.record(drift(missing), at: start + .seconds(60 * minutes))
        }
        #expect(take(["10.1.0.1:80", "10.1.0.2:80"], after: 0).isEmpty)
        #expect(take(["10.1.0.1:80"], after: 1).isEmpty)
        #expect(take(["10.1.0.1:80"], after: 2) == ["tcp 192.0.2.1:80 real server 10.1.0.1:80"])
        #expect(take(["10.1.0.1:80"], after: 3).isEmpty)
        // Silence for the whole window makes it news again.
        #expect(take([], after: 40).isEmpty)
        for minute in [41, 42] { #expect(take(["10.1.0.1:80"], after: minute).isEmpty) }
        #expect(take(["10.1.0.1:80"], after: 43).count == 1)
    }

    @Test func whatComesSeldomIsNoSign() {
        var recurring = RecurringDrift()
        for hour in 0..<6 {
            #expect(recurring.record(drift(["10.1.0.1:80"]), at: .now + .seconds(3600 * hour)).isEmpty)
        }
    }

    @Test func manyObjectsTakeNoMoreRoomThanSome() {
        var recurring = RecurringDrift()
        let many = (0..<5000).map { "10.1.\($0 / 250).\($0 % 250 + 1):80" }
        let start = ContinuousClock.now
        let told = (0..<3).map { recurring.record(drift(many), at: start + .seconds($0)).count }
        #expect(told == [0, 0, 1000])
    }
}
