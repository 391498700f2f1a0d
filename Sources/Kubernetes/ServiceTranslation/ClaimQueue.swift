/// Those who claim one thing, each with one claim: the smallest has it.
///
/// However many there are, one that comes or goes costs little: a heap, in which those that have gone stay until they
/// come to its top or are most of it.
struct ClaimQueue<Claimant: Hashable & Sendable, Claim: Comparable & Sendable>: Sendable {
    private struct Entry: Sendable {
        let claim: Claim
        let claimant: Claimant
        /// Tells a claim from earlier ones of the same claimant.
        let number: Int
    }

    /// The only one, mostly; then the rest is empty and takes no memory.
    private var single: Entry?
    /// Each entry is before those at twice its place and one or two more.
    private var heap: [Entry] = []
    private var current: [Claimant: Entry] = [:]
    private var number = 0

    init() {}

    var isEmpty: Bool { single == nil && current.isEmpty }

    /// How many claims there are.
    var count: Int { single == nil ? current.count : 1 }

    /// The smallest claim; `nil` without any.
    var first: Claim? { single?.claim ?? heap.first?.claim }

    /// Whether the claimant has a claim.
    func contains(_ claimant: Claimant) -> Bool { single?.claimant == claimant || current[claimant] != nil }

    /// As many of the claims, in any order.
    func some(_ limit: Int) -> [Claim] { single.map { [$0.claim] } ?? current.values.prefix(limit).map(\.claim) }

    /// All claims, in any order.
    var all: [Claim] { single.map { [$0.claim] } ?? current.values.map(\.claim) }

    /// Takes a claim in the place of the one that the claimant had.
    mutating func insert(_ claim: Claim, of claimant: Claimant) {
        number += 1
        let entry = Entry(claim: claim, claimant: claimant, number: number)
        guard !isEmpty, single?.claimant != claimant else {
            single = entry
            return
        }
        if let other = single {
            single = nil
            push(other)
        }
        push(entry)
        tidy()
    }

    /// Takes away the claimant's claim, if it has one.
    mutating func remove(_ claimant: Claimant) {
        if single?.claimant == claimant { single = nil }
        guard current.removeValue(forKey: claimant) != nil else { return }
        guard let last = current.values.first, current.count == 1 else { return tidy() }
        single = last
        heap = []
        current = [:]
    }

    private mutating func push(_ entry: Entry) {
        current[entry.claimant] = entry
        heap.append(entry)
        rise(heap.count - 1)
    }

    /// Makes the top one that still stands, and keeps those that have gone fewer than those that stand.
    private mutating func tidy() {
        if heap.count > 2 * current.count + 8 {
            heap = current.values.sorted { $0.claim < $1.claim }
            return
        }
        while let top = heap.first, current[top.claimant]?.number != top.number {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
            sink(0)
        }
    }

    private mutating func rise(_ index: Int) {
        var index = index
        while index > 0, heap[index].claim < heap[(index - 1) / 2].claim {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func sink(_ index: Int) {
        var index = index
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child].claim < heap[least].claim {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
