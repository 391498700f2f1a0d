internal import CSystem
internal import Glibc
package import Reconcile
internal import Synchronization

/// A ledger that is written on a thread of its own: a disk that hangs holds nobody up for longer than a moment.
///
/// While a write is late, others fail at once with ``StateError/Kind/late``: the ledger is written whole by the first
/// one after it. What it lacks until then counts as foreign if this process is killed; what is declared becomes ours
/// again, and nothing is removed that should stay.
package final class PatientLedger: LedgerKeeping {
    private enum Write {
        case whole(Ledger)
        case changes([LedgerChange], LedgerStore.Extent)

        /// The records of a whole.
        var size: Int {
            guard case .whole(let ledger) = self else { return 0 }
            return ledger.virtualServers.count + ledger.drains.count
        }
    }

    private typealias Answer = Result<LedgerStore.Extent?, StateError>

    /// How long a change is waited for; the whole takes longer the more there is of it.
    private static let patience = Duration.milliseconds(100)
    private static let patienceEach = Duration.microseconds(20)

    private let file: any LedgerKeeping
    private let path: String
    private let worker: Worker<Write, Answer>
    private let answers = Inbox<Answer>()
    /// Whether a write is under way that nobody waits for.
    private let isLate = Mutex(false)

    package convenience init(_ store: LedgerStore) { self.init(store, path: store.path) }

    /// - Parameter path: What errors name.
    init(_ file: any LedgerKeeping, path: String) {
        self.file = file
        self.path = path
        worker = Worker(
            { write in
                do throws(StateError) {
                    switch write {
                    case .whole(let ledger): return .success(try file.save(ledger))
                    case .changes(let changes, let extent): return .success(try file.append(changes, to: extent))
                    }
                } catch {
                    return .failure(error)
                }
            }, done: { [answers] in answers.put($0) })
    }

    package func load() throws(StateError) -> LedgerStore.Loaded { try file.load() }

    package func setAside() throws(StateError) { try file.setAside() }

    package func lock(waitingAtMost seconds: Int, waits: () -> Void) throws(StateError) -> RunLock {
        try file.lock(waitingAtMost: seconds, waits: waits)
    }

    package func save(_ ledger: Ledger) throws(StateError) -> LedgerStore.Extent {
        guard let extent = try answer(to: .whole(ledger)) else { throw StateError(.late, path: path) }
        return extent
    }

    package func append(
        _ changes: [LedgerChange], to extent: LedgerStore.Extent
    ) throws(StateError) -> LedgerStore.Extent? {
        try answer(to: .changes(changes, extent))
    }

    private func answer(to write: Write) throws(StateError) -> LedgerStore.Extent? {
        if isLate.withLock(\.self) {
            guard !answers.take().isEmpty else { throw StateError(.late, path: path) }
            isLate.withLock { $0 = false }
        }
        worker.hand(write)
        let end = ContinuousClock.now + Self.patience + Self.patienceEach * write.size
        while true {
            if let answer = answers.take().first { return try answer.get() }
            let wait = end - .now
            guard wait > .zero else { break }
            var polled = pollfd(fd: answers.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&polled, 1, Int32((wait / .milliseconds(1)).rounded(.up)))
        }
        isLate.withLock { $0 = true }
        throw StateError(.late, path: path)
    }
}
