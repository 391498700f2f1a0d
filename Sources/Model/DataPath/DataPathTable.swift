/// What is wanted of several at once: an element stays as long as one of them wants it.
package struct DataPathTable: Hashable, Sendable {
    private var wanted: [DataPathElement: Int] = [:]
    /// Whether each element that was touched since the last ``takeChange()`` was wanted then.
    private var touched: [DataPathElement: Bool] = [:]

    package init() {}

    /// Everything that is wanted.
    package var elements: Set<DataPathElement> { Set(wanted.keys) }

    /// Whether somebody wants it.
    package func wants(_ element: DataPathElement) -> Bool { wanted[element] != nil }

    /// Takes what one wants now in the place of what it wanted before.
    ///
    /// - Returns: How many elements had to be counted.
    @discardableResult package mutating func replace(_ previous: [DataPathElement], with next: [DataPathElement]) -> Int
    {
        guard previous != next else { return 0 }
        // Long lists mostly differ in a few elements: what they begin and end with alike needs no counting.
        var (before, now) = (previous[...], next[...])
        while let element = before.first, element == now.first { (before, now) = (before.dropFirst(), now.dropFirst()) }
        while let element = before.last, element == now.last { (before, now) = (before.dropLast(), now.dropLast()) }
        for element in now { count(element, 1) }
        for element in before { count(element, -1) }
        return before.count + now.count
    }

    /// What has changed since the last call.
    package mutating func takeChange() -> DataPathChange {
        var change = DataPathChange()
        for (element, wasWanted) in touched {
            let isWanted = wanted[element] != nil
            if isWanted, !wasWanted { change.added.insert(element) }
            if wasWanted, !isWanted { change.removed.insert(element) }
        }
        touched.removeAll(keepingCapacity: true)
        return change
    }

    private mutating func count(_ element: DataPathElement, _ difference: Int) {
        let before = wanted[element] ?? 0
        if touched[element] == nil { touched[element] = before > 0 }
        let after = before + difference
        wanted[element] = after > 0 ? after : nil
    }
}

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
