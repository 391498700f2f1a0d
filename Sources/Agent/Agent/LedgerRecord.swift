package import Reconcile

/// The ledger as it is known, and how far its file says the same.
struct LedgerRecord {
    private(set) var current: Ledger
    /// Whether the file says the same.
    private(set) var isSaved: Bool
    /// What has changed since the file was written; `nil` when only the whole will do.
    private var changes: [LedgerChange]?
    private var extent: LedgerStore.Extent?
    private let owned: OwnedIndex

    /// - Parameters:
    ///   - isSaved: Whether the file is there and says the same.
    ///   - owned: Told of what is ours.
    init(current: Ledger, isSaved: Bool, owned: OwnedIndex = OwnedIndex()) {
        self.current = current
        self.isSaved = isSaved
        self.owned = owned
        owned.use(current, replacing: nil)
        owned.confirm(current.virtualServers.keys)
    }

    /// Puts a new ledger in the place of the whole, or of a part.
    mutating func use(_ new: Ledger, replacing part: Ledger?) {
        guard new != part ?? current else { return }
        isSaved = false
        owned.use(new, replacing: part)
        if let part {
            changes?.append(LedgerChange(from: part, to: new))
            current.replace(part, with: new)
        } else {
            changes = nil
            current = new
        }
    }

    /// What became of the file.
    enum Saving {
        case notNeeded
        case done
        /// It takes too long to be waited for; the next call writes all of it.
        case late
    }

    /// Makes the file say the same, with as little writing as will do.
    mutating func save(in store: any LedgerKeeping) throws(StateError) -> Saving {
        do throws(StateError) {
            return try write(to: store) ? .done : .notNeeded
        } catch {
            guard case .late = error.kind else { throw error }
            return .late
        }
    }

    private mutating func write(to store: any LedgerKeeping) throws(StateError) -> Bool {
        guard !isSaved else { return false }
        let (changes, extent) = (self.changes, self.extent)
        // After a failure, the whole.
        (self.changes, self.extent) = (nil, nil)
        if let changes, let extent, let next = try store.append(changes, to: extent) {
            self.extent = next
        } else {
            self.extent = try store.save(current)
        }
        self.changes = []
        isSaved = true
        return true
    }
}

/// A part of the ledger, before and after.
package struct LedgerChange: Hashable, Sendable {
    let old: Ledger
    let new: Ledger

    package init(from old: Ledger, to new: Ledger) {
        self.old = old
        self.new = new
    }
}
