/// What is wanted of several at once: an element stays as long as one of them wants it.
package struct DataPathTable: Hashable, Sendable {
    private var wanted: [DataPathElement: Int] = [:]
    /// Whether each element that was touched since the last ``takeChange()`` was wanted then.
    private var touched: [DataPathElement: Bool] = [:]

    package init() {}

    /// Everything that is wanted.
    package var elements: Set<DataPathElement> { Set(wanted.keys) }

    /// Takes what one wants now in the place of what it wanted before.
    package mutating func replace(_ previous: [DataPathElement], with next: [DataPathElement]) {
        guard previous != next else { return }
        for element in next { count(element, 1) }
        for element in previous { count(element, -1) }
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
