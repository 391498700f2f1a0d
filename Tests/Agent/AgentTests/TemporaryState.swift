import Reconcile
import TemporaryFiles

@testable import Agent

/// A ledger of its own in a new directory, removed at the end.
final class TemporaryState {
    private let folder: TemporaryFolder
    let identity = StateIdentity(boot: "boot", namespace: "1")
    var directory: String { folder.path }
    var store: LedgerStore { LedgerStore(directory: directory, identity: identity) }

    init() throws { folder = try TemporaryFolder() }

    /// The names of the files in the directory, sorted.
    var files: [String] { folder.names }

    /// The length of the ledger's file in bytes.
    var size: Int { folder.text(of: "ledger-\(identity.namespace)")?.utf8.count ?? 0 }

    /// Puts a text in the place of the ledger.
    func write(_ text: String) throws { try folder.write(text, to: "ledger-\(identity.namespace)") }
}
