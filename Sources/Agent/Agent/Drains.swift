internal import LoadBalancing
internal import Reconcile

/// The virtual servers of which something drains, and when they are looked at again.
struct Drains {
    private var byServer: [VirtualServerKey: [Drain]] = [:]
    /// Those that the look under way has not come to.
    private var waiting: [VirtualServerKey] = []
    /// When the next of them are looked at; `nil` while nothing drains.
    private(set) var nextLook: ContinuousClock.Instant?
    /// All real servers that drain, in any order, as they were seen last.
    private(set) var all: [Drain] = []
    private var isDirty = false

    /// The next virtual servers to look at, once ``nextLook`` has come.
    mutating func due(atMost count: Int) -> [VirtualServerKey] {
        if waiting.isEmpty { waiting = Array(byServer.keys) }
        let part = waiting.suffix(count)
        waiting.removeLast(part.count)
        return Array(part)
    }

    /// Takes note that virtual servers have been looked at; `nil` for all.
    mutating func forget(_ keys: Set<VirtualServerKey>?) {
        guard let keys else { return forget() }
        for key in keys where byServer.removeValue(forKey: key) != nil { isDirty = true }
    }

    /// Nothing drains, as far as is known.
    mutating func forget() {
        isDirty = isDirty || !byServer.isEmpty
        byServer = [:]
        waiting = []
    }

    /// Takes note of what a look has found, and plans the next one.
    mutating func note(_ drains: [Drain], _ now: ContinuousClock.Instant, every interval: Duration) {
        if !drains.isEmpty {
            byServer.merge(Dictionary(grouping: drains, by: \.key.virtualServer)) { _, new in new }
            isDirty = true
        }
        if isDirty { all = byServer.values.flatMap(\.self) }
        isDirty = false
        if byServer.isEmpty {
            nextLook = nil
        } else if nextLook.map({ $0 <= now }) ?? true, waiting.isEmpty {
            nextLook = now + interval
        }
    }

    /// Plans no more looks until something is noted.
    mutating func stopLooking() { nextLook = nil }
}
