package import DataPath

/// A change of our table that is made as a whole or not at all.
package struct FirewallTransaction: Hashable, Sendable {
    /// What is to be done.
    package enum Content: Hashable, Sendable {
        /// The table is made anew, whatever was there.
        case replacement(FirewallState)
        /// Elements go, then others come; both sorted.
        case changes(removed: [DataPathElement], added: [DataPathElement])
        /// The table goes, if it is there.
        case removal
    }

    package let content: Content

    /// The table with these rules and elements, in place of whatever was there.
    package static func replacing(with state: FirewallState) -> FirewallTransaction {
        FirewallTransaction(content: .replacement(state))
    }

    /// Only the elements that come and go.
    ///
    /// It fails as a whole when something that goes is not there, or when a virtual server that comes is there with
    /// another treatment: then the table is not as it was thought to be, and has to be replaced. What comes and is
    /// there already does no harm.
    package static func changing(
        added: some Sequence<DataPathElement>, removed: some Sequence<DataPathElement>
    ) -> FirewallTransaction {
        let (added, removed) = (Set(added), Set(removed))
        return FirewallTransaction(
            content: .changes(
                removed: sortedForRemoval(removed.subtracting(added)), added: sorted(added.subtracting(removed))))
    }

    /// This one and a change of elements after it, as one; `nil` is no change.
    package func followed(by next: FirewallTransaction?) -> FirewallTransaction {
        guard let next else { return self }
        guard case .changes(let removed, let added) = next.content else { return next }
        switch content {
        case .changes(let earlier, let come):
            return FirewallTransaction.changing(
                added: Set(come).subtracting(removed).union(added), removed: Set(earlier).union(removed))
        case .replacement(var state):
            state.apply(DataPathChange(added: Set(added), removed: Set(removed)))
            return .replacing(with: state)
        case .removal:
            return self
        }
    }

    /// Our table goes; nothing happens when it is not there.
    package static let removal = FirewallTransaction(content: .removal)

    /// Whether there is nothing to do.
    package var isEmpty: Bool {
        guard case .changes(let removed, let added) = content else { return false }
        return removed.isEmpty && added.isEmpty
    }

    /// How many elements come.
    package var addedCount: Int {
        switch content {
        case .replacement(let state): state.elements.count
        case .changes(_, let added): added.count
        case .removal: 0
        }
    }

    /// How many elements go one by one; those of a table that goes as a whole do not count.
    package var removedCount: Int {
        guard case .changes(let removed, _) = content else { return 0 }
        return removed.count
    }

    /// By set, in the order of the sets, and within a set in that of the keys. What belongs to none is left out.
    static func sorted(_ elements: some Sequence<DataPathElement>) -> [DataPathElement] {
        bySet(elements) { $0.sorted(by: DataPathElement.precedes) }
    }

    /// The same with lists of sources last: they can go once nothing is guarded by them.
    private static func sortedForRemoval(_ elements: some Sequence<DataPathElement>) -> [DataPathElement] {
        let sorted = sorted(elements)
        let lists = sorted.prefix { $0.set == .sources }
        return Array(sorted.dropFirst(lists.count)) + lists
    }

    /// By set alone, or as the elements of each set shall be ordered. What belongs to none is left out.
    static func bySet(
        _ elements: some Sequence<DataPathElement>, _ order: ([DataPathElement]) -> [DataPathElement] = { $0 }
    ) -> [DataPathElement] {
        let bySet = Dictionary(grouping: elements, by: \.set)
        return ElementSet.allCases.flatMap { order(bySet[$0] ?? []) }
    }
}
