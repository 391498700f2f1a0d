// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import LoadBalancing
import NodeNetwork
import Reconcile
import TestSupport
import Testing

@testable import Agent

/// What the reconciler decides while jobs are under way, with outcomes of the test's own.
@Suite struct ReconcilerTests {
    private struct Source: DesiredSource {
        var isComplete = true
        var isWhole = true
        var servers: [VirtualServerKey: DesiredVirtualServer] = [:]
        var settings = DesiredState()
        var network: DataPathSettings?
        var dataPath: Set<DataPathElement> = []
        var desired: DesiredState { DesiredState(virtualServers: servers.values.sorted { $0.key < $1.key }) }
        func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? { servers[key] }
    }

    private static let key = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let other = VirtualServerKey("tcp 192.0.2.2:80")!
    private static let idle = NetworkOutcome(
        report: nil, release: nil, isBehind: false, hasLeaving: false, holdsTracking: false)

    private let start = ContinuousClock.now
    private var source = Source(
        servers: [
            key: DesiredVirtualServer(VirtualServer(key), realServers: []),
            other: DesiredVirtualServer(VirtualServer(other), realServers: []),
        ])

    private func reconciler(keepsNetwork: Bool = false) -> Reconciler {
        Reconciler(keepsNetwork: keepsNetwork, now: start)
    }

    private func take(_ outcome: AgentOutcome, _ reconciler: inout Reconciler, _ time: Duration) {
        var generator = SeededGenerator(seed: 1)
        reconciler.receive(outcome, source, now: start + time, using: &generator)
    }

    private func keys(_ job: AgentJob?) -> Set<VirtualServerKey>? {
        guard case .table(.some(let keys, _)) = job else { return nil }
        return keys
    }

    /// One that has made everything once.
    private func synchronized(keepsNetwork: Bool = false) -> Reconciler {
        var reconciler = reconciler(keepsNetwork: keepsNetwork)
        while let job = reconciler.next(source, now: start) {
            switch job {
            case .network: take(.network(Self.idle), &reconciler, .zero)
            case .table: take(.table(.synced(.success(SyncReport()))), &reconciler, .zero)
            }
        }
        _ = reconciler.takeSteps()
        return reconciler
    }

    @Test func whatComesDuringAJobThatFailsIsNotLost() {
        var reconciler = synchronized()
        reconciler.note([Self.key], at: start)
        #expect(keys(reconciler.next(source, now: start + .milliseconds(100))) == [Self.key])
        reconciler.note([Self.other], at: start)
        take(.table(.synced(.failure(.state(StateError(.locked, path: ""))))), &reconciler, .milliseconds(150))
        // All of it is tried again later; what came meanwhile, by itself and at once.
        #expect(keys(reconciler.next(source, now: start + .milliseconds(200))) == [Self.other])
    }

    @Test func changesAreMadeWhenNothingOfThemWaits() {
        var first = reconciler()
        #expect(!first.hasMadeChanges)
        _ = first.next(source, now: start)
        #expect(!first.hasMadeChanges)
        var reconciler = synchronized()
        #expect(reconciler.hasMadeChanges)
        reconciler.note([Self.key], at: start)
        #expect(!reconciler.hasMadeChanges)
        #expect(keys(reconciler.next(source, now: start + .milliseconds(100))) == [Self.key])
        #expect(!reconciler.hasMadeChanges)
        take(.table(.synced(.success(SyncReport()))), &reconciler, .milliseconds(150))
        #expect(reconciler.hasMadeChanges)
        // A verification makes no changes that anybody waits for.
        _ = reconciler.next(source, now: start + .seconds(60))
        #expect(reconciler.busySince.table != nil && reconciler.hasMadeChanges)
    }

    @Test mutating func changesOfTheNetworkCountAsWell() {
        source.network = DataPathSettings(setsSysctls: false)
        var reconciler = synchronized(keepsNetwork: true)
        #expect(reconciler.hasMadeChanges)
        reconciler.note(DataPathChange(added: [.healthCheckPort(1)]), at: start)
        #expect(!reconciler.hasMadeChanges)
        // The rules, and what follows them.
        while reconciler.next(source, now: start + .milliseconds(100)) != nil {
            #expect(!reconciler.hasMadeChanges)
            take(.network(Self.idle), &reconciler, .milliseconds(150))
        }
        #expect(reconciler.hasMadeChanges)
    }

    @Test mutating func changesWaitForAHungNetworkOnlyForAMoment() {
        source.network = DataPathSettings(setsSysctls: false)
        var reconciler = synchronized(keepsNetwork: true)
        reconciler.note(DataPathChange(added: [.healthCheckPort(1)]), at: start)
        reconciler.note([Self.key], at: start)
        guard case .network(.change) = reconciler.next(source, now: start + .milliseconds(100)) else {
            Issue.record("the rules come first")
            return
        }
        #expect(reconciler.next(source, now: start + .milliseconds(100)) == nil)
        #expect(reconciler.due == start + .milliseconds(180))
        #expect(keys(reconciler.next(source, now: start + .milliseconds(180))) == [Self.key])
    }

    /// What a late network is handed as a whole contains what changed meanwhile: the opposite must not cancel it.
    @Test mutating func nothingIsCancelledThatANetworkWasHandedAsAWhole() {
        source.network = DataPathSettings(setsSysctls: false)
        var reconciler = synchronized(keepsNetwork: true)
        reconciler.note(DataPathChange(added: [.healthCheckPort(1)]), at: start)
        _ = reconciler.next(source, now: start + .milliseconds(100))
        // It hangs; everything is due meanwhile.
        reconciler.noteEverything(at: start)
        guard case .table(.everything) = reconciler.next(source, now: start + .seconds(1)) else {
            Issue.record("the table does not wait")
            return
        }
        take(.table(.synced(.success(SyncReport()))), &reconciler, .seconds(2))
        reconciler.note(DataPathChange(added: [.healthCheckPort(2)]), at: start)
        source.dataPath = [.healthCheckPort(1), .healthCheckPort(2)]
        take(.network(Self.idle), &reconciler, .seconds(3))
        guard case .network(.everything(let demand?, nil)) = reconciler.next(source, now: start + .seconds(3)) else {
            Issue.record("it is owed everything")
            return
        }
        #expect(demand.elements.count == 2)
        reconciler.note(DataPathChange(removed: [.healthCheckPort(2)]), at: start)
        take(.network(Self.idle), &reconciler, .seconds(4))
        var changes: [DataPathChange] = []
        while let job = reconciler.next(source, now: start + .seconds(5)) {
            if case .network(.change(let change, _, _, _)) = job { changes.append(change) }
            switch job {
            case .network: take(.network(Self.idle), &reconciler, .seconds(5))
            case .table: take(.table(.synced(.success(SyncReport()))), &reconciler, .seconds(5))
            }
        }
        #expect(changes == [DataPathChange(removed: [.healthCheckPort(2)])])
    }

    /// Where drift is only reported, a look at everything that a verification needs repairs nothing either.
    @Test func aVerificationThatOnlyReportsNeverRepairs() {
        var reconciler = synchronized()
        reconciler.driftPolicy = .report
        let time = Duration.seconds(60)
        guard case .table(.lookOver) = reconciler.next(source, now: start + time) else {
            Issue.record("it begins with a look")
            return
        }
        take(.table(.looked([Self.key], nil, .zero)), &reconciler, time)
        guard case .table(.check(_, _, _, repairs: false, _, _)) = reconciler.next(source, now: start + time) else {
            Issue.record("a closer look follows")
            return
        }
        take(.table(.undecided), &reconciler, time)
        guard case .table(.checkEverything(_, repairs: false)) = reconciler.next(source, now: start + time) else {
            Issue.record("everything is looked at, and nothing changed")
            return
        }
    }

    /// While all is owed, no part of the table is judged by itself, and drift that is only reported stays.
    @Test(arguments: [DriftPolicy.report, .repair]) func whileAllIsOwedNoPartIsJudgedByItself(policy: DriftPolicy) {
        var reconciler = synchronized()
        reconciler.driftPolicy = policy
        reconciler.timing.verification = .milliseconds(200)
        reconciler.note([Self.key], at: start)
        _ = reconciler.next(source, now: start + .milliseconds(100))
        let failure = AgentOutcome.table(.synced(.failure(.state(StateError(.locked, path: "")))))
        take(failure, &reconciler, .milliseconds(100))
        // The retry is due after half a second at the earliest, the verification before that.
        guard case .table(.checkEverything(_, let repairs)) = reconciler.next(source, now: start + .milliseconds(400))
        else {
            Issue.record("everything is looked at")
            return
        }
        #expect(repairs == (policy == .repair))
    }

    /// While much waits for being translated, nothing of a large change is made: the guard would judge a part.
    @Test mutating func aLargeChangeWaitsForAllOfIt() {
        source.isWhole = false
        var reconciler = synchronized()
        let many = (0..<300).map { number in
            VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0x0A00_0000 + UInt32(number)), port: 80))
        }
        reconciler.note(many, at: start)
        #expect(reconciler.next(source, now: start + .seconds(1)) == nil)
        source.isWhole = true
        guard case .table(.everything) = reconciler.next(source, now: start + .seconds(1)) else {
            Issue.record("all of it is due")
            return
        }
        // Nobody puts it off for ever.
        reconciler = synchronized()
        reconciler.note(many, at: start)
        source.isWhole = false
        guard case .table(.everything) = reconciler.next(source, now: start + .seconds(6)) else {
            Issue.record("it has waited long enough")
            return
        }
    }

    /// Whoever changes all the time does not keep rules and addresses from being verified.
    @Test mutating func theNetworkIsVerifiedUnderSteadyChanges() {
        source.network = DataPathSettings(setsSysctls: false)
        var reconciler = synchronized(keepsNetwork: true)
        var verifications = 0
        for step in 1...1_000 {
            let time = Duration.milliseconds(step * 50)
            reconciler.note([Self.key], at: start + time)
            while let job = reconciler.next(source, now: start + time) {
                switch job {
                case .network(let job):
                    if case .verify = job { verifications += 1 }
                    take(.network(Self.idle), &reconciler, time)
                case .table(.lookOver): take(.table(.looked([], nil, .zero)), &reconciler, time)
                case .table: take(.table(.synced(.success(SyncReport()))), &reconciler, time)
                }
            }
        }
        #expect(verifications == 1)
    }

    /// What a change has begun and not finished is not found as the work of others.
    @Test(arguments: [true, false]) mutating func noVerificationComesBetweenTheRulesAndWhatFollows(hangs: Bool) {
        source.network = DataPathSettings(setsSysctls: false)
        var reconciler = synchronized(keepsNetwork: true)
        let later = reconciler.timing.verification * 2
        // The rules of a change are being made as a verification begins.
        reconciler.note(DataPathChange(added: [.healthCheckPort(1)]), at: start + later)
        reconciler.note([Self.key], at: start + later)
        guard case .network(.change) = reconciler.next(source, now: start + later) else {
            Issue.record("no change of rules")
            return
        }
        var jobs: [String] = []
        func note(_ job: AgentJob) {
            switch job {
            case .network(.verify): jobs.append("verify")
            case .network(.finish): jobs.append("finish")
            case .table(.some): jobs.append("table")
            default: break
            }
        }
        // The table is at the verification, and then at the change.
        while let job = reconciler.next(source, now: start + later + .milliseconds(10)) { note(job) }
        #expect(reconciler.network.verificationOwed != nil)
        take(.network(Self.idle), &reconciler, later + .milliseconds(20))
        #expect(reconciler.next(source, now: start + later + .milliseconds(30)) == nil)
        guard !hangs else {
            let end = start + later + reconciler.timing.whole + .milliseconds(10)
            #expect(reconciler.due <= end)
            while let job = reconciler.next(source, now: end) { note(job) }
            #expect(jobs == ["verify"])
            return
        }
        take(.table(.looked([], nil, .zero)), &reconciler, later + .milliseconds(40))
        for step in 5..<20 {
            let time = later + .milliseconds(step * 50)
            while let job = reconciler.next(source, now: start + time) {
                note(job)
                if case .network = job {
                    take(.network(Self.idle), &reconciler, time)
                } else {
                    take(.table(.synced(.success(SyncReport()))), &reconciler, time)
                }
            }
        }
        #expect(jobs.prefix(3) == ["table", "finish", "verify"])
    }

    /// What waits for a network that hangs does not fill the memory.
    @Test mutating func flowsThatWaitAreBounded() {
        source.network = DataPathSettings(setsSysctls: false)
        var reconciler = synchronized(keepsNetwork: true)
        reconciler.network.owesFinish = NetworkState.Finish(
            flows: Set(
                (0..<NetworkState.flowLimit).map { number in
                    let endpoint = Endpoint(IPAddress(v4: UInt32(number)), port: 53)
                    return StaleFlow(.udp, virtualServer: endpoint, realServer: endpoint)
                }))
        let server = DesiredVirtualServer(VirtualServer(VirtualServerKey("udp 192.0.2.1:53")!), realServers: [])
        var report = SyncReport()
        report.conclude(
            Planner.plan(
                desired: DesiredState(virtualServers: [server]), observed: ObservedState(), ledger: Ledger(), now: 0))
        reconciler.finishNetwork(report, source, isWhole: false)
        #expect(reconciler.network.owesFinish?.flows.isEmpty == true)
    }

    /// A step of the network alone says nothing of virtual servers.
    @Test mutating func aStepOfTheNetworkIsNoSuccessOfTheTable() {
        source.network = DataPathSettings(setsSysctls: false)
        var reconciler = synchronized(keepsNetwork: true)
        reconciler.note(DataPathChange(added: [.healthCheckPort(1)]), at: start)
        _ = reconciler.next(source, now: start + .milliseconds(100))
        take(.network(Self.idle), &reconciler, .milliseconds(100))
        _ = reconciler.next(source, now: start + .milliseconds(100))
        var done = DataPathReport()
        done.fail(.rules, "no")
        let outcome = NetworkOutcome(
            report: done, release: nil, isBehind: true, hasLeaving: false, holdsTracking: false)
        take(.network(outcome), &reconciler, .milliseconds(100))
        #expect(reconciler.takeSteps().map(\.isOfNetwork) == [true])
    }
}
