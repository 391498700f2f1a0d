internal import Files
internal import Glibc
package import Reconcile

/// Where the ledger of one network namespace is kept between two runs.
package protocol LedgerKeeping: Sendable {
    /// The ledger as it was left; none is an empty one.
    func load() throws(StateError) -> LedgerStore.Loaded

    /// Moves a corrupt ledger aside, for people to look at.
    func setAside() throws(StateError)

    /// Replaces the ledger.
    @discardableResult
    func save(_ ledger: Ledger) throws(StateError) -> LedgerStore.Extent

    /// Adds changes to the ledger, without writing it anew.
    ///
    /// - Returns: `nil`, with nothing done, when the ledger is not as it was left, or had better be written anew.
    func append(_ changes: [LedgerChange], to extent: LedgerStore.Extent) throws(StateError) -> LedgerStore.Extent?

    /// Takes the lock that one run at a time may hold; it is let go with the process or with the returned value.
    ///
    /// - Parameter waits: Told once, as soon as it has to wait for another run.
    func lock(waitingAtMost seconds: Int, waits: () -> Void) throws(StateError) -> RunLock
}

/// Keeps the ledger of one network namespace in a file that is replaced whole or not at all, and grows by changes.
package struct LedgerStore: LedgerKeeping {
    let directory: String
    let identity: StateIdentity

    /// Where the ledger lives unless told otherwise: gone with the boot, as the kernel's tables are.
    package static let defaultDirectory = "/run/ipvsync"
    package init(directory: String = defaultDirectory, identity: StateIdentity) {
        self.directory = directory
        self.identity = identity
    }

    /// The ledger's file.
    package var path: String { "\(directory)/ledger-\(identity.namespace)" }

    private var file: StateFile { StateFile(path: path) }

    /// What is remembered of this namespace beside the ledger.
    package var networkRecord: NetworkRecordStore {
        NetworkRecordStore(directory: directory, identity: identity)
    }

    /// The network namespace that it is about.
    package var namespace: String { identity.namespace }

    /// Refuses a directory in which others than root and this user can put files: neither a ledger nor an agent of
    /// theirs is believed.
    package func requireTrust() throws(StateError) { try StateFile.requireTrust(in: directory) }

    /// Where an agent of this namespace answers questions.
    package var socketPath: String { "\(directory)/agent-\(identity.namespace).sock" }

    /// The ledger as it was read, and what is to be said about it.
    package struct Loaded: Hashable, Sendable {
        package let ledger: Ledger
        /// Why the file was put aside; then nothing is known to be ours but what is declared.
        package let problem: StateError?

        package init(ledger: Ledger, problem: StateError?) {
            self.ledger = ledger
            self.problem = problem
        }
    }

    /// Reads the ledger; an absent file, or one of another boot, is an empty ledger.
    ///
    /// A corrupt file is never guessed at: it is moved aside, and what it held counts as foreign.
    package func load() throws(StateError) -> Loaded {
        guard let text = try file.read() else { return Loaded(ledger: Ledger(), problem: nil) }
        switch LedgerFormat.parse(text, identity: identity) {
        case .ledger(let ledger): return Loaded(ledger: ledger, problem: nil)
        case .otherIdentity: return Loaded(ledger: Ledger(), problem: nil)
        case .corrupt(let line):
            let problem = StateError(
                .corrupt(line: line), path: path,
                remedy:
                    "it was kept as \(path).corrupt; virtual servers that are declared no more must be removed by hand")
            return Loaded(ledger: Ledger(), problem: problem)
        }
    }

    /// Moves a corrupt file aside, for people to look at.
    package func setAside() throws(StateError) { try file.setAside() }

    /// How long a file is that was written.
    package struct Extent: Hashable, Sendable {
        /// Bytes of the ledger itself.
        fileprivate let whole: Int
        /// Bytes with the changes after it.
        fileprivate let size: Int

        package init(whole: Int, size: Int) {
            self.whole = whole
            self.size = size
        }
    }

    /// Changes may take this much before the file is written anew, however little the ledger takes. A small file system
    /// has to have room for the new one beside them.
    private static let changesAtLeast = 4 << 10

    /// Replaces the ledger.
    @discardableResult
    package func save(_ ledger: Ledger) throws(StateError) -> Extent {
        try makeDirectory()
        let bytes = Array(LedgerFormat.render(ledger, identity: identity).utf8)
        try file.replace(with: bytes)
        return Extent(whole: bytes.count, size: bytes.count)
    }

    /// Adds changes to the ledger, without writing it anew.
    ///
    /// - Returns: `nil`, with nothing done, when the file is not as it was left, or had better be written anew.
    package func append(_ changes: [LedgerChange], to extent: Extent) throws(StateError) -> Extent? {
        guard extent.size - extent.whole <= max(extent.whole, Self.changesAtLeast) else { return nil }
        let bytes = Array(changes.lazy.map(LedgerFormat.render).joined().utf8)
        guard try file.append(bytes, at: extent.size) else { return nil }
        return Extent(whole: extent.whole, size: extent.size + bytes.count)
    }

    /// Takes the lock that one run at a time may hold; it is let go with the process or with the returned value.
    ///
    /// - Parameter waits: Told once, as soon as it has to wait for another run.
    package func lock(waitingAtMost seconds: Int, waits: () -> Void = {}) throws(StateError) -> RunLock {
        try makeDirectory()
        return try RunLock(
            path: "\(directory)/lock-\(identity.namespace)", waitingAtMost: seconds, waits: waits)
    }

    private func makeDirectory() throws(StateError) { try StateFile.makeDirectory(directory) }
}

/// Keeps two runs from writing the same tables at once.
package struct RunLock: ~Copyable {
    private let descriptor: Int32

    /// - Parameter waits: Told once, as soon as it has to wait for another run.
    init(path: String, waitingAtMost seconds: Int, waits: () -> Void) throws(StateError) {
        // Kept aside until the lock is held: a thrown error runs `deinit` once every property has its value.
        let opened = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw StateError(.unwritable(errno), path: path) }
        if let reason = Trust.foreignness(ofOpen: opened) {
            close(opened)
            throw StateError(.untrusted(reason), path: path, remedy: "remove it: it is no file of ipvsync's")
        }
        for attempt in 0...(seconds * 20) {
            if flock(opened, LOCK_EX | LOCK_NB) == 0 {
                descriptor = opened
                return
            }
            if attempt == 0, seconds > 0 { waits() }
            usleep(50_000)
        }
        close(opened)
        throw StateError(.locked, path: path, remedy: "wait for it, or end it if it hangs")
    }

    deinit { close(descriptor) }
}
