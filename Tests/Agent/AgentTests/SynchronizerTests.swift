// swift-format-ignore-file: NeverForceUnwrap

import Glibc
import LoadBalancing
import Netlink
import Reconcile
import TestSupport
import Testing

@testable import Agent

@Suite struct SynchronizerTests {
    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let other = VirtualServerKey("tcp 192.0.2.9:80")!
    private static let server = RealServer(Endpoint("198.51.100.1:80")!)
    private static let desired = DesiredState(virtualServers: [
        DesiredVirtualServer(VirtualServer(web), realServers: [server])
    ])
    private static let lost = NetlinkError(.answersLost, operation: "apply")

    private let kernel = InMemoryKernel()
    private let state: TemporaryState

    init() throws { state = try TemporaryState() }

    private func synchronizer(now: UInt64 = 1000, policy: ReconcilePolicy = ReconcilePolicy()) -> Synchronizer {
        Synchronizer(table: kernel, store: state.store, policy: policy, now: { now })
    }

    private func ledger() throws -> Ledger { try state.store.load().ledger }

    /// A connection that comes between the look and the removal is not cut: weight 0 shuts the door first.
    @Test func aConnectionThatComesLateIsNotCut() throws {
        let leaving = Endpoint("198.51.100.9:80")!
        let synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(), now: { 5 })
        let key = VirtualServerKey("tcp 192.0.2.99:80")!
        let desired = DesiredVirtualServer(VirtualServer(key), realServers: [RealServer(Endpoint("198.51.100.8:80")!)])
        var before = desired
        before.realServers.append(RealServer(leaving))
        _ = try synchronizer.synchronize(DesiredState(virtualServers: [before]))
        kernel.beforeOperation = { (_, kernel) throws(NetlinkError) in
            guard kernel.virtualServers[key]?.realServers.last?.realServer.weight == 1 else { return }
            kernel.setConnections(ConnectionCounts(active: 1), of: leaving, in: key)
        }
        let report = try synchronizer.synchronize(only: [key], [desired])
        #expect(report?.plan.drains.map(\.key.realServer) == [leaving] && report?.changes.isEmpty == true)
        #expect(kernel.virtualServers[key]?.realServers.map(\.realServer.weight) == [1, 0])
        #expect(try state.store.load().ledger.drainStart(of: leaving, in: key) == 5)
        kernel.beforeOperation = nil
        kernel.setConnections(ConnectionCounts(), of: leaving, in: key)
        #expect(try synchronizer.synchronize(only: [key], [desired])?.changes.count == 1)
        #expect(kernel.virtualServers[key]?.realServers.count == 1)
    }

    /// However many virtual servers there are, a drain is a line of the ledger when it begins and one when it ends.
    @Test func aDrainAddsToTheLedger() throws {
        let synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(), now: { 5 })
        let servers = (1...200).map { number in
            DesiredVirtualServer(
                VirtualServer(VirtualServerKey("tcp 192.0.2.\(number):80")!), realServers: [Self.server])
        }
        _ = try synchronizer.synchronize(DesiredState(virtualServers: servers))
        var draining = servers[7]
        draining.realServers = [RealServer(Endpoint("198.51.100.2:80")!)]
        kernel.setConnections(ConnectionCounts(active: 1), of: Self.server.endpoint, in: draining.key)
        for expected in [5, nil] as [UInt64?] {
            let before = state.size
            _ = try synchronizer.synchronize(only: [draining.key], [draining])
            #expect(try ledger().drainStart(of: Self.server.endpoint, in: draining.key) == expected)
            #expect(try ledger().virtualServers.count == 200)
            let grown = state.size - before
            #expect(grown > 0 && grown < 100)
            kernel.setConnections(ConnectionCounts(), of: Self.server.endpoint, in: draining.key)
        }
    }

    /// Somebody removes a real server that drains; when it has come back and leaves again, its time begins anew.
    @Test func aDrainEndsWithItsRealServer() throws {
        var time: UInt64 = 5
        let synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(), now: { time })
        let other = RealServer(Endpoint("198.51.100.2:80")!)
        let with = DesiredVirtualServer(VirtualServer(Self.web), realServers: [Self.server, other])
        let without = DesiredVirtualServer(VirtualServer(Self.web), realServers: [other])
        _ = try synchronizer.synchronize(DesiredState(virtualServers: [with]))
        kernel.setConnections(ConnectionCounts(active: 1), of: Self.server.endpoint, in: Self.web)
        _ = try synchronizer.synchronize(only: [Self.web], [without])
        #expect(try ledger().drainStart(of: Self.server.endpoint, in: Self.web) == 5)
        _ = try kernel.apply([.removeRealServer(Self.server.endpoint, from: Self.web)])
        _ = try synchronizer.synchronize(only: [Self.web], [with])
        #expect(try ledger().drains.isEmpty)
        kernel.setConnections(ConnectionCounts(active: 1), of: Self.server.endpoint, in: Self.web)
        time = 9
        _ = try synchronizer.synchronize(only: [Self.web], [without])
        #expect(try ledger().drainStart(of: Self.server.endpoint, in: Self.web) == 9)
    }

    /// One with weight 0 has no new connections, and may have old ones: they are looked at before it goes.
    @Test func whatHadNoWeightKeepsItsConnections() throws {
        let synchronizer = Synchronizer(
            table: kernel, store: state.store, policy: ReconcilePolicy(drainTimeout: 60), now: { 5 })
        let other = RealServer(Endpoint("198.51.100.2:80")!)
        let quiet = RealServer(Self.server.endpoint, weight: 0)
        _ = try synchronizer.synchronize(
            DesiredState(virtualServers: [DesiredVirtualServer(VirtualServer(Self.web), realServers: [quiet, other])]))
        kernel.setConnections(ConnectionCounts(active: 1), of: quiet.endpoint, in: Self.web)
        let without = DesiredVirtualServer(VirtualServer(Self.web), realServers: [other])
        _ = try synchronizer.synchronize(only: [Self.web], [without])
        #expect(kernel.virtualServers[Self.web]?.realServers.count == 2)
        #expect(try ledger().drainStart(of: quiet.endpoint, in: Self.web) == 5)
        kernel.setConnections(ConnectionCounts(), of: quiet.endpoint, in: Self.web)
        _ = try synchronizer.synchronize(only: [Self.web], [without])
        #expect(kernel.virtualServers[Self.web]?.realServers.map(\.realServer) == [other])
    }

    /// A virtual server that was left as declared is changed without a look; another writer shows by what is refused.
    @Test func whatOthersDidMeanwhileIsMetByALook() throws {
        let synchronizer = Synchronizer(table: kernel, store: state.store, policy: ReconcilePolicy(), now: { 5 })
        let key = VirtualServerKey("tcp 192.0.2.99:80")!
        let servers = (1...4).map { RealServer(Endpoint("198.51.100.\($0):80")!) }
        let desired = (1...4).map { DesiredVirtualServer(VirtualServer(key), realServers: Array(servers[..<$0])) }
        _ = try synchronizer.synchronize(DesiredState(virtualServers: [desired[0]]))
        #expect(try synchronizer.synchronize(only: [key], [desired[1]])?.operations == 1)
        #expect(kernel.closeReadCount == 0)
        // They add what we are to add, and remove the whole.
        _ = try kernel.apply([.addRealServer(RealServer(servers[2].endpoint, weight: 7), to: key)])
        #expect(try synchronizer.synchronize(only: [key], [desired[2]])?.failures.isEmpty == true)
        #expect(kernel.virtualServers[key]?.realServers.map(\.realServer) == desired[2].realServers)
        _ = try kernel.apply([.removeVirtualServer(key)])
        #expect(try synchronizer.synchronize(only: [key], [desired[3]])?.failures.isEmpty == true)
        #expect(kernel.virtualServers[key]?.realServers.map(\.realServer) == desired[3].realServers)
    }

    @Test func theSecondRunSendsNothing() throws {
        let first = try synchronizer().synchronize(Self.desired)
        #expect(first.operations == 2 && first.rounds == 1 && first.failures.isEmpty)
        let second = try synchronizer().synchronize(Self.desired)
        #expect(second.operations == 0 && second.changes.isEmpty)
        #expect(kernel.operationCount == 2)
    }

    @Test func aPreviewChangesNothing() throws {
        let report = try synchronizer().preview(Self.desired)
        #expect(report.changes.count == 2)
        #expect(kernel.operationCount == 0 && state.files.isEmpty)
    }

    @Test func theLedgerIsWrittenBeforeTheKernelChanges() throws {
        let state = state
        var seen: Bool?
        kernel.beforeOperation = { index, _ in
            if index == 0 { seen = (try? state.store.load())?.ledger.owns(Self.web) }
        }
        _ = try synchronizer().synchronize(Self.desired)
        #expect(seen == true)
    }

    @Test func withoutALedgerNothingIsChanged() throws {
        let store = LedgerStore(directory: "/proc/nowhere", identity: state.identity)
        #expect(throws: SyncError.self) {
            _ = try Synchronizer(table: kernel, store: store, policy: ReconcilePolicy()).synchronize(Self.desired)
        }
        #expect(kernel.operationCount == 0)
    }

    @Test func lostAnswersAreFoundByLookingAgain() throws {
        kernel.errorAfterNextApply = Self.lost
        let report = try synchronizer().synchronize(Self.desired)
        #expect(report.rounds == 2 && report.failures.isEmpty)
        #expect(kernel.virtualServers.keys.sorted() == [Self.web])
        #expect(try ledger().owns(Self.web))
    }

    @Test func anotherWriterThatAddsTheSameIsOvertaken() throws {
        kernel.beforeOperation = { (index, kernel) throws(NetlinkError) in
            guard index == 0 else { return }
            kernel.beforeOperation = nil
            _ = try kernel.apply([.addVirtualServer(VirtualServer(Self.web, scheduler: Scheduler("sh")))])
        }
        let report = try synchronizer().synchronize(Self.desired)
        #expect(report.rounds == 2 && report.failures.isEmpty)
        #expect(kernel.virtualServers[Self.web]?.virtualServer == VirtualServer(Self.web))
        #expect(kernel.virtualServers[Self.web]?.realServers.map(\.realServer) == [Self.server])
    }

    @Test func anotherWriterThatRemovesIsOvertaken() throws {
        _ = try synchronizer().synchronize(Self.desired)
        var changed = Self.desired
        changed.virtualServers[0].virtualServer.scheduler = Scheduler("rr")
        kernel.beforeOperation = { (index, kernel) throws(NetlinkError) in
            guard index == 0 else { return }
            kernel.beforeOperation = nil
            _ = try kernel.apply([.removeVirtualServer(Self.web)])
        }
        let report = try synchronizer().synchronize(changed)
        #expect(report.failures.isEmpty)
        #expect(kernel.virtualServers[Self.web]?.realServers.map(\.realServer) == [Self.server])
    }

    @Test func aWriterThatNeverStopsIsReported() throws {
        kernel.beforeOperation = { (_, kernel) throws(NetlinkError) in
            let hook = kernel.beforeOperation
            kernel.beforeOperation = nil
            _ = try kernel.apply([
                .removeVirtualServer(Self.web), .addVirtualServer(VirtualServer(Self.web, scheduler: Scheduler("sh"))),
                .removeVirtualServer(Self.web),
            ])
            kernel.beforeOperation = hook
        }
        let report = try synchronizer().synchronize(Self.desired)
        #expect(report.rounds == Synchronizer.maximumRounds)
        #expect(report.failures.map(\.description).first?.contains("find the other writer") == true)
    }

    @Test func aRefusedVirtualServerIsReportedOnceAndTheRestIsDone() throws {
        var desired = Self.desired
        desired.virtualServers.append(
            DesiredVirtualServer(VirtualServer(Self.other, scheduler: Scheduler("nosuch")), realServers: [Self.server]))
        let report = try synchronizer().synchronize(desired)
        #expect(
            report.failures.map(\.description) == [
                "tcp 192.0.2.9:80: cannot be added (nor its 1 real servers): the kernel does not have scheduler nosuch "
                    + "(modprobe ip_vs_nosuch); see 'ipvsync doctor'"
            ])
        #expect(kernel.virtualServers[Self.web]?.realServers.count == 1)
        #expect(try ledger().virtualServers.keys.sorted() == [Self.web])
    }

    @Test func cleanUpRemovesOursAndNothingElse() throws {
        _ = try kernel.apply([.addVirtualServer(VirtualServer(Self.other))])
        _ = try synchronizer().synchronize(Self.desired)
        kernel.setConnections(ConnectionCounts(active: 1), of: Self.server.endpoint, in: Self.web)
        let report = try synchronizer().cleanUp()
        #expect(report.changes.count == 1)
        #expect(kernel.virtualServers.keys.sorted() == [Self.other])
        #expect(try ledger() == Ledger())
    }

    @Test func aCorruptLedgerIsPutAsideAndMakesNothingOurs() throws {
        _ = try kernel.apply([.addVirtualServer(VirtualServer(Self.other))])
        try state.write("nonsense\n")
        let report = try synchronizer().synchronize(Self.desired)
        #expect(report.ledgerProblem != nil)
        #expect(kernel.virtualServers.keys.sorted() == [Self.web, Self.other])
        #expect(state.files == ["ledger-1", "ledger-1.corrupt"])
        #expect(try synchronizer().synchronize(Self.desired).ledgerProblem == nil)
    }

    @Test func drainsRunOnAcrossRuns() throws {
        _ = try synchronizer().synchronize(Self.desired)
        kernel.setConnections(ConnectionCounts(active: 1), of: Self.server.endpoint, in: Self.web)
        _ = try synchronizer(now: 2000).synchronize(DesiredState())
        #expect(kernel.virtualServers[Self.web]?.realServers.map(\.realServer.weight) == [0])
        #expect(try synchronizer(now: 2899).synchronize(DesiredState()).operations == 0)
        _ = try synchronizer(now: 2900).synchronize(DesiredState())
        #expect(kernel.virtualServers.isEmpty)
        #expect(try ledger() == Ledger())
    }

    @Test func realServersThatADumpDidNotShowSaveTheirVirtualServer() throws {
        _ = try synchronizer().synchronize(Self.desired)
        let table = ForgetfulTable(kernel, hiding: Self.web)
        kernel.setConnections(ConnectionCounts(active: 1), of: Self.server.endpoint, in: Self.web)
        _ = try Synchronizer(table: table, store: state.store, policy: ReconcilePolicy(), now: { 5 })
            .synchronize(DesiredState())
        #expect(kernel.virtualServers[Self.web]?.realServers.map(\.realServer.weight) == [0])
    }

    /// What is to be made does not count as served before it is there: no address may come by it.
    @Test func whatCouldNotBeMadeIsNotServed() throws {
        let synchronizer = synchronizer()
        kernel.beforeOperation = { (_, _) throws(NetlinkError) in throw NetlinkError(.malformed, operation: "apply") }
        #expect(throws: SyncError.self) { try synchronizer.synchronize(Self.desired) }
        let address = IPAddress("192.0.2.1")!
        #expect(synchronizer.owned.contains(Self.web) && !synchronizer.owned.isServed(address))
        kernel.beforeOperation = nil
        // Another one's success says nothing of it.
        let third = VirtualServerKey("tcp 192.0.2.7:80")!
        _ = try synchronizer.synchronize(only: [third], [DesiredVirtualServer(VirtualServer(third), realServers: [])])
        #expect(!synchronizer.owned.isServed(address) && synchronizer.owned.isServed(IPAddress("192.0.2.7")!))
        _ = try synchronizer.synchronize(Self.desired)
        #expect(synchronizer.owned.isServed(address))
        _ = try synchronizer.synchronize(DesiredState())
        #expect(!synchronizer.owned.isServed(address))
    }

    /// A dump resumes by position, and can skip what is there.
    @Test(arguments: [true, false]) func whatADumpSkipsStaysOurs(isDeclared: Bool) throws {
        _ = try synchronizer().synchronize(Self.desired)
        let synchronizer = Synchronizer(
            table: ForgetfulTable(kernel, hiding: Self.web, .virtualServer), store: state.store,
            policy: ReconcilePolicy(removalGuard: nil), now: { 1_000 })
        if isDeclared {
            // The kernel has no memory left for what only seems to be missing.
            kernel.refusals[.addVirtualServer(VirtualServer(Self.web))] = 12
            _ = try synchronizer.synchronize(Self.desired)
            #expect(try ledger().owns(Self.web))
        } else {
            _ = try synchronizer.synchronize(DesiredState())
            #expect(kernel.virtualServers.isEmpty)
        }
    }
}

/// Leaves one virtual server, or its real servers, out of a dump of everything.
private final class ForgetfulTable: VirtualServerTable {
    enum Part {
        case virtualServer
        case realServers
    }

    private let kernel: InMemoryKernel
    private let hidden: VirtualServerKey
    private let part: Part

    init(_ kernel: InMemoryKernel, hiding key: VirtualServerKey, _ part: Part = .realServers) {
        self.kernel = kernel
        hidden = key
        self.part = part
    }

    func readState(statistics: Bool) throws(NetlinkError) -> ObservedState {
        var state = kernel.readState(statistics: statistics)
        if part == .virtualServer { state.virtualServers.removeAll { $0.key == hidden } }
        for index in state.virtualServers.indices where state.virtualServers[index].key == hidden {
            state.virtualServers[index].realServers = []
        }
        return state
    }

    func readVirtualServers(_ keys: Set<VirtualServerKey>) -> [ObservedVirtualServer] {
        kernel.readVirtualServers(keys)
    }

    func readSettings() -> ObservedState { kernel.readSettings() }

    func readListing() -> [ListedVirtualServer]? { kernel.readListing() }

    func readRealServers(of key: VirtualServerKey) -> [ObservedRealServer]? { kernel.readRealServers(of: key) }

    func apply(_ operations: [TableOperation]) throws(NetlinkError) -> [OperationFailure] {
        try kernel.apply(operations)
    }
}
