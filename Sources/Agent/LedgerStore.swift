internal import Glibc
package import Reconcile

/// Keeps the ledger of one network namespace in a file that is replaced whole or not at all.
package struct LedgerStore: Sendable {
    private let directory: String
    private let identity: StateIdentity

    /// Where the ledger lives unless told otherwise: gone with the boot, as the kernel's tables are.
    package static let defaultDirectory = "/run/ipvsync"
    /// Far beyond 100,000 virtual servers that all drain.
    private static let maximumSize = 256 << 20

    package init(directory: String = defaultDirectory, identity: StateIdentity) {
        self.directory = directory
        self.identity = identity
    }

    /// The ledger's file.
    package var path: String { "\(directory)/ledger-\(identity.namespace)" }

    /// The network namespace that it is about.
    package var namespace: String { identity.namespace }

    /// Where an agent of this namespace answers questions.
    package var socketPath: String { "\(directory)/agent-\(identity.namespace).sock" }

    /// The ledger as it was read, and what is to be said about it.
    package struct Loaded: Hashable, Sendable {
        package let ledger: Ledger
        /// Why the file was put aside; then nothing is known to be ours but what is declared.
        package let problem: StateError?
    }

    /// Reads the ledger; an absent file, or one of another boot, is an empty ledger.
    ///
    /// A corrupt file is never guessed at: it is moved aside, and what it held counts as foreign.
    package func load() throws(StateError) -> Loaded {
        guard let text = try readFile() else { return Loaded(ledger: Ledger(), problem: nil) }
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
    package func setAside() throws(StateError) {
        guard rename(path, path + ".corrupt") == 0 || errno == ENOENT else {
            throw StateError(.unwritable(errno), path: path)
        }
    }

    /// Replaces the ledger: written beside it, forced to storage, then renamed over it.
    package func save(_ ledger: Ledger) throws(StateError) {
        try makeDirectory()
        let temporary = "\(path).new"
        // A file that a killed run left behind is of no use to anybody.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable() }
        do throws(StateError) {
            defer { close(descriptor) }
            try write(Array(LedgerFormat.render(ledger, identity: identity).utf8), to: descriptor)
            guard fsync(descriptor) == 0 else { throw unwritable() }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else { throw unwritable() }
    }

    /// Takes the lock that one run at a time may hold; it is let go with the process or with the returned value.
    ///
    /// - Parameter waits: Told once, as soon as it has to wait for another run.
    package func lock(waitingAtMost seconds: Int, waits: () -> Void = {}) throws(StateError) -> RunLock {
        try makeDirectory()
        return try RunLock(
            path: "\(directory)/lock-\(identity.namespace)", waitingAtMost: seconds, waits: waits)
    }

    /// Makes the directory, for its owner alone, unless it is there.
    private func makeDirectory() throws(StateError) {
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw StateError(.unwritable(errno), path: directory, remedy: "name another with --state-dir")
        }
    }

    private func readFile() throws(StateError) -> String? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StateError(.unreadable(errno), path: path, remedy: "run as root, or remove the file")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= Self.maximumSize
        else { throw StateError(.unreadable(EINVAL), path: path, remedy: "remove it: it is no ledger") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StateError(.unreadable(errno), path: path) }
            if count == 0 { break }
            filled += count
        }
        return String(decoding: bytes[..<filled], as: UTF8.self)
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(StateError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unwritable() }
            written += count
        }
    }

    private func unwritable() -> StateError {
        StateError(.unwritable(errno), path: path, remedy: "free space there, or name another place with --state-dir")
    }
}
