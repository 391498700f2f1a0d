internal import Agent
internal import Reconcile
internal import Synchronization

/// A ledger in memory that survives a process, and can be full or slow.
final class SimulatedLedger: LedgerKeeping {
    private struct State {
        var ledger = Ledger()
        var isFull = false
        var isLate = false
    }

    private let state = Mutex(State())

    init() {}

    /// What it says.
    var ledger: Ledger { state.withLock(\.ledger) }

    func set(isFull: Bool) { state.withLock { $0.isFull = isFull } }
    func set(isLate: Bool) { state.withLock { $0.isLate = isLate } }
    func set(_ ledger: Ledger) { state.withLock { $0.ledger = ledger } }

    func load() -> LedgerStore.Loaded { LedgerStore.Loaded(ledger: ledger, problem: nil) }

    func setAside() {}

    func save(_ ledger: Ledger) throws(StateError) -> LedgerStore.Extent {
        let (isFull, isLate) = state.withLock { ($0.isFull, $0.isLate) }
        if isFull { throw StateError(.unwritable(28), path: "ledger") }
        if isLate { throw StateError(.late, path: "ledger") }
        state.withLock { $0.ledger = ledger }
        return LedgerStore.Extent(whole: 1, size: 1)
    }

    func append(
        _ changes: [LedgerChange], to extent: LedgerStore.Extent
    ) throws(StateError) -> LedgerStore.Extent? {
        nil
    }

    func lock(waitingAtMost seconds: Int, waits: () -> Void) throws(StateError) -> RunLock {
        throw StateError(.locked, path: "ledger")
    }
}

/// The time of a simulation.
final class SimulatedClock {
    private let start: ContinuousClock.Instant
    var now: ContinuousClock.Instant

    init(_ now: ContinuousClock.Instant) {
        start = now
        self.now = now
    }

    /// Seconds from boot.
    var bootSeconds: UInt64 { 1_000 + UInt64((now - start) / .seconds(1)) }
}

/// A record in memory that survives a process.
final class SimulatedRecord: NetworkRecordKeeping {
    private let record = Mutex<NetworkRecord?>(nil)

    func load(isPreview: Bool) -> NetworkRecord? { record.withLock(\.self) }
    func save(_ record: NetworkRecord) { self.record.withLock { $0 = record } }
    func remove() { record.withLock { $0 = nil } }
}
