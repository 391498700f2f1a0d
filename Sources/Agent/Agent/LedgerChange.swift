package import Reconcile

/// A part of the ledger, before and after.
package struct LedgerChange: Hashable, Sendable {
    let old: Ledger
    let new: Ledger

    package init(from old: Ledger, to new: Ledger) {
        self.old = old
        self.new = new
    }
}
