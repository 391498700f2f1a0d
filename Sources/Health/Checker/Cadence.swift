internal import HealthChecks

/// When one check is due: begun at a time of its own, then at every interval after that, whatever attempts take.
struct Cadence {
    private let interval: Duration
    private let retryDelay: Duration?
    private let fall: Int
    /// When the next attempt is to begin, or when the one under way was to.
    private(set) var due: ContinuousClock.Instant
    /// Where that attempt stands in the row of intervals.
    private var turn: ContinuousClock.Instant
    /// Failures in a row.
    private var failures = 0

    /// Checks begin within this time, spread evenly, and stay so.
    private static let spread = Duration.seconds(10)

    /// - Parameter jitter: Where in the time of the first attempts this one has its place, from 0 to 1.
    init(_ check: ServerCheck, now: ContinuousClock.Instant, jitter: Double) {
        interval = check.interval
        retryDelay = check.retryDelay
        fall = check.fall
        turn = check.isEvent ? now : now + min(check.interval, Self.spread) * jitter
        due = turn
    }

    /// Says when the next attempt is due after one that has ended.
    mutating func finish(_ outcome: CheckResult.Outcome, now: ContinuousClock.Instant) {
        failures = outcome == .down ? failures + 1 : 0
        if let retryDelay, failures > 0, failures < fall {
            turn = now + retryDelay
        } else {
            turn += interval
        }
        due = turn
        guard turn < now else { return }
        // An attempt that took longer than the interval leaves out those that it ran over but for the last one. That
        // begins at once: a real server that never answers is down after `fall` intervals and one timeout.
        turn += interval * Int((now - turn).nanoseconds / max(1, interval.nanoseconds))
        due = now
    }
}

extension ServerCheck {
    /// Whether it is no check, but a command that is run once.
    var isEvent: Bool {
        guard case .command(let command) = probe else { return false }
        return command.event != nil
    }
}

/// Times of numbered things, the earliest first; each has one at most.
struct Schedule<Number: Hashable & Comparable> {
    private struct Entry {
        let time: ContinuousClock.Instant
        let number: Number
    }

    private var times: [Number: ContinuousClock.Instant] = [:]
    /// A binary heap. An entry whose time is not that of its number any more counts for nothing.
    private var heap: [Entry] = []

    mutating func set(_ number: Number, _ time: ContinuousClock.Instant) {
        times[number] = time
        if heap.count > 4 * times.count + 64 {
            heap = times.map { Entry(time: $0.value, number: $0.key) }.sorted { $0.time < $1.time }
        } else {
            heap.append(Entry(time: time, number: number))
            rise()
        }
    }

    mutating func remove(_ number: Number) { times[number] = nil }

    /// The earliest time.
    mutating func next() -> ContinuousClock.Instant? {
        while let first = heap.first {
            if times[first.number] == first.time { return first.time }
            removeFirst()
        }
        return nil
    }

    /// Takes out the number whose time was first, if that has come.
    mutating func take(now: ContinuousClock.Instant) -> Number? {
        guard let time = next(), time <= now, let number = heap.first?.number else { return nil }
        removeFirst()
        times[number] = nil
        return number
    }

    private mutating func rise() {
        var index = heap.count - 1
        while index > 0, heap[index].time < heap[(index - 1) / 2].time {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].time < heap[least].time { least = child }
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
