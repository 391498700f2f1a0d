package import Documents

/// The latest of a kind, each with its number and time.
package struct RecentChanges: Sendable {
    package struct Entry: Sendable {
        package let number: UInt64
        package let time: WallTime
        package let record: ChangeRecord
    }

    /// So many are kept.
    package static let limit = 500

    package private(set) var entries: [Entry] = []
    /// Of all that there ever were.
    package private(set) var total: UInt64 = 0

    /// - Parameters:
    ///   - records: The latest ones, at most ``limit`` of which are kept.
    ///   - count: How many there were, those that are not told of among them.
    mutating func add(_ records: [ChangeRecord], of count: Int, at time: WallTime) {
        total += UInt64(count)
        for (index, record) in records.enumerated().suffix(Self.limit) {
            entries.append(Entry(number: total - UInt64(records.count - 1 - index), time: time, record: record))
        }
        if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    }

    /// For programs, those after a number.
    package func document(after number: UInt64 = 0) -> Document {
        .sequence(entries.filter { $0.number > number }.map { $0.record.document(number: $0.number, time: $0.time) })
    }
}
