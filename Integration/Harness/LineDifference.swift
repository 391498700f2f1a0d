/// Two lists of lines as one: ` ` both, `-` only the first, `+` only the second.
struct LineDifference: CustomStringConvertible {
    let description: String

    init(from first: [String], to second: [String]) {
        let changes = second.difference(from: first)
        let removed = Set(changes.removals.map(\.offset))
        let inserted = Set(changes.insertions.map(\.offset))
        var lines: [String] = []
        var (old, new) = (0, 0)
        while old < first.count || new < second.count {
            if removed.contains(old) {
                lines.append("- \(first[old])")
                old += 1
            } else if inserted.contains(new) {
                lines.append("+ \(second[new])")
                new += 1
            } else {
                lines.append("  \(first[old])")
                old += 1
                new += 1
            }
        }
        description = lines.joined(separator: "\n")
    }
}

extension CollectionDifference.Change {
    fileprivate var offset: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}
