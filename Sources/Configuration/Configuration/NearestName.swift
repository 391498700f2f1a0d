/// Finds what was probably meant by a misspelt name.
enum NearestName {
    /// The name that fewest edits lead to, if they are few for its length.
    static func of(_ name: String, in names: [String]) -> String? {
        let wanted = Array(name.lowercased().utf8)
        // A name of a hundred characters is no misspelling, and comparing costs the square of the length.
        guard wanted.count <= 40 else { return nil }
        let distances = names.map { ($0, distance(wanted, Array($0.lowercased().utf8))) }
        guard let (nearest, distance) = distances.min(by: { $0.1 < $1.1 }) else { return nil }
        return distance <= max(1, wanted.count / 3) ? nearest : nil
    }

    /// The Levenshtein distance.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (byte == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
