package import DataPath

/// What has to be done so that our table holds what it shall.
package enum FirewallDifference: Hashable, Sendable {
    /// Everything has to be written anew, for this reason.
    case replacement(String)
    /// The rules are right; these elements are too few and too many, sorted.
    case changes(added: [DataPathElement], removed: [DataPathElement])

    /// What is wanted, compared with what is there; `nil` stands for no table.
    package static func between(_ wanted: FirewallState, _ observed: ObservedFirewall?) -> FirewallDifference {
        guard let observed else { return .replacement("there is no table inet ipvsync") }
        if let damage = observed.damage(under: wanted.settings) { return .replacement(damage) }
        return .changes(
            added: FirewallTransaction.sorted(wanted.elements.subtracting(observed.elements)),
            removed: FirewallTransaction.sorted(observed.elements.subtracting(wanted.elements)))
    }

    /// Whether there is nothing to do.
    package var isEmpty: Bool { self == .changes(added: [], removed: []) }

    /// The transaction that brings the table to what is wanted.
    package func transaction(to wanted: FirewallState) -> FirewallTransaction {
        switch self {
        case .replacement: .replacing(with: wanted)
        case .changes(let added, let removed): .changing(added: added, removed: removed)
        }
    }
}
