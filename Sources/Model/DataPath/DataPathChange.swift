/// What comes and what goes.
package struct DataPathChange: Hashable, Sendable {
    package var added: Set<DataPathElement>
    package var removed: Set<DataPathElement>

    package init(added: Set<DataPathElement> = [], removed: Set<DataPathElement> = []) {
        self.added = added
        self.removed = removed
    }

    package var isEmpty: Bool { added.isEmpty && removed.isEmpty }

    /// Takes in a change that comes after this one.
    package mutating func append(_ next: DataPathChange) {
        for element in next.added where removed.remove(element) == nil { added.insert(element) }
        for element in next.removed where added.remove(element) == nil { removed.insert(element) }
    }
}
