// swift-format-ignore-file: NeverForceUnwrap

import Glibc
import LoadBalancing
import Netlink
import Reconcile
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// A disk that hangs holds up no change of the kernel's table.
@Suite struct PatientLedgerTests {
    /// Hangs for as long as it is told to.
    private final class HangingLedger: LedgerKeeping {
        let hangs = Mutex(false)
        let saved = Mutex<[Ledger]>([])

        func load() -> LedgerStore.Loaded { LedgerStore.Loaded(ledger: Ledger(), problem: nil) }
        func setAside() {}
        func save(_ ledger: Ledger) -> LedgerStore.Extent {
            while hangs.withLock(\.self) { usleep(1_000) }
            saved.withLock { $0.append(ledger) }
            return LedgerStore.Extent(whole: 1, size: 1)
        }
        func append(_ changes: [LedgerChange], to extent: LedgerStore.Extent) -> LedgerStore.Extent? { nil }
        func lock(waitingAtMost seconds: Int, waits: () -> Void) throws(StateError) -> RunLock {
            throw StateError(.locked, path: "")
        }
    }

    @Test func changesAreMadeWhileADiskHangs() throws {
        let file = HangingLedger()
        let kernel = InMemoryKernel()
        let synchronizer = Synchronizer(
            table: kernel, store: PatientLedger(file, path: "ledger"), policy: ReconcilePolicy(), now: { 1_000 })
        var desired = DesiredState()
        func add(_ number: Int) throws -> SyncReport {
            desired.virtualServers.append(
                DesiredVirtualServer(VirtualServer(VirtualServerKey("tcp 192.0.2.\(number):80")!), realServers: []))
            return try synchronizer.synchronize(desired)
        }
        #expect(try !add(1).isLedgerLate)
        #expect(file.saved.withLock(\.count) > 0)
        file.hangs.withLock { $0 = true }
        for number in 2...5 {
            #expect(try add(number).isLedgerLate)
            #expect(kernel.virtualServers.count == number)
        }
        file.hangs.withLock { $0 = false }
        // The write that was late ends; the next one writes all of it.
        var report = try synchronizer.synchronize(desired)
        while report.isLedgerLate {
            usleep(1_000)
            report = try synchronizer.synchronize(desired)
        }
        #expect(file.saved.withLock { $0.last?.virtualServers.count } == 5)
    }

    /// Where drift is only told of, what was late is written by the next look all the same.
    @Test func whatWasLateIsWrittenByALookThatRepairsNothing() throws {
        let file = HangingLedger()
        let table = TableTarget(
            Synchronizer(
                table: InMemoryKernel(), store: PatientLedger(file, path: "ledger"), policy: ReconcilePolicy(),
                now: { 1_000 }))
        let desired = DesiredState(
            virtualServers: [
                DesiredVirtualServer(VirtualServer(VirtualServerKey("tcp 192.0.2.1:80")!), realServers: [])
            ])
        file.hangs.withLock { $0 = true }
        _ = table.perform(.everything(desired, nil))
        file.hangs.withLock { $0 = false }
        for job in [TableJob.checkEverything(desired, repairs: false), .nothing] {
            for _ in 0..<1_000 {
                guard case .synced(.success(let report)) = table.perform(job), report.isLedgerLate else { break }
                usleep(1_000)
            }
        }
        #expect(file.saved.withLock { $0.last?.virtualServers.count } == 1)
    }
}
