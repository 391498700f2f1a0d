internal import LoadBalancing

/// Virtual servers that the kernel refused something of, each with its own time for the next attempt.
struct Retries {
    private struct Attempt {
        var count: Int
        var due: ContinuousClock.Instant
        /// What was refused.
        var reasons: [String] = []
    }

    private static let first = Duration.seconds(1)
    private static let last = Duration.seconds(60)
    /// Where a whole table is refused, a module is missing: to try all of it again and again is no use.
    private static let lastOfMany = Duration.seconds(300)
    private static let many = 1_000
    /// So many are told of one by one.
    private static let toldApart = 100
    private static let reasonsEach = 10

    private var attempts: [VirtualServerKey: Attempt] = [:]
    /// The whole, when it is not one virtual server that failed.
    private var whole: Attempt?
    /// By their time; the first one is always true, others may have been settled since.
    private var order = DueHeap()
    /// Those that are told of, in the order in which they came.
    private var told: [VirtualServerKey] = []

    var keys: Set<VirtualServerKey> { Set(attempts.keys) }

    /// What is refused now, sorted; of very many, some of them and a word on the others.
    var reasons: [String] {
        var reasons = (told.flatMap { attempts[$0]?.reasons ?? [] } + (whole?.reasons ?? [])).sorted()
        if attempts.count > told.count { reasons.append("and more virtual servers: see 'ipvsync plan'") }
        return reasons
    }

    /// When the next attempt is due.
    var due: ContinuousClock.Instant? { [order.first?.due, whole?.due].compactMap(\.self).min() }

    /// Whether everything has failed, and has not been made since.
    var isWholeOwed: Bool { whole != nil }

    /// Whether everything is to be tried again.
    func isWholeDue(at now: ContinuousClock.Instant) -> Bool { whole.map { $0.due <= now } ?? false }

    /// The virtual servers whose time has come, no more than `count`; those that are not settled come again.
    mutating func dueKeys(at now: ContinuousClock.Instant, atMost count: Int) -> Set<VirtualServerKey> {
        var keys: Set<VirtualServerKey> = []
        while keys.count < count, let first = order.first, first.due <= now {
            order.removeFirst()
            if attempts[first.key]?.due == first.due { keys.insert(first.key) }
            dropSettled()
        }
        return keys
    }

    private mutating func dropSettled() {
        while let first = order.first, attempts[first.key]?.due != first.due { order.removeFirst() }
    }

    /// Takes note of a sync that could not be carried out.
    mutating func fail(at now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator) {
        whole = next(after: whole, now, &generator)
    }

    /// Takes note of what a sync was refused.
    ///
    /// - Parameter keys: What it looked at; `nil` for everything.
    mutating func record(
        _ report: SyncReport, _ keys: Set<VirtualServerKey>?, at now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) {
        guard keys == nil || !attempts.isEmpty || !report.failures.isEmpty else { return }
        var reasons: [VirtualServerKey: [String]] = [:]
        var wholeReasons: [String] = []
        for failure in report.failures {
            guard let key = failure.cause.operation.key else {
                wholeReasons.append(failure.description)
                continue
            }
            if reasons[key, default: []].count < Self.reasonsEach {
                reasons[key, default: []].append(failure.description)
            }
        }
        if let keys {
            for key in keys where reasons[key] == nil { attempts[key] = nil }
        } else {
            attempts = attempts.filter { reasons[$0.key] != nil }
            if wholeReasons.isEmpty { whole = nil }
        }
        for (key, reasons) in reasons {
            if attempts[key] == nil, told.count < Self.toldApart { told.append(key) }
            var attempt = next(after: attempts[key], now, &generator)
            attempt.reasons = reasons
            attempts[key] = attempt
            order.insert(attempt.due, key)
        }
        if !wholeReasons.isEmpty {
            fail(at: now, using: &generator)
            whole?.reasons = wholeReasons
        }
        told.removeAll { attempts[$0] == nil }
        if told.isEmpty { told = Array(attempts.keys.prefix(Self.toldApart)) }
        dropSettled()
    }

    /// Twice as long after each attempt, and not all at the same moment.
    private func next(
        after attempt: Attempt?, _ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator
    ) -> Attempt {
        let count = attempt?.count ?? 0
        let last = attempts.count > Self.many ? Self.lastOfMany : Self.last
        let wait = min(last, Self.first * (1 << min(count, 9)))
        return Attempt(count: count + 1, due: now + wait * Double.random(in: 0.5...1, using: &generator))
    }
}

/// Virtual servers by the time at which they are due: a binary heap.
struct DueHeap {
    struct Entry {
        let due: ContinuousClock.Instant
        let key: VirtualServerKey
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }

    mutating func insert(_ due: ContinuousClock.Instant, _ key: VirtualServerKey) {
        entries.append(Entry(due: due, key: key))
        var index = entries.count - 1
        while index > 0, entries[index].due < entries[(index - 1) / 2].due {
            entries.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        entries[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < entries.count && entries[child].due < entries[least].due {
                least = child
            }
            guard least != index else { return }
            entries.swapAt(index, least)
            index = least
        }
    }
}
