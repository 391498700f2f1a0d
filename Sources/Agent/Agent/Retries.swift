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

    private var attempts: [VirtualServerKey: Attempt] = [:]
    /// The whole, when it is not one virtual server that failed.
    private var whole: Attempt?

    var keys: Set<VirtualServerKey> { Set(attempts.keys) }

    /// What is refused now, sorted.
    var reasons: [String] { (attempts.values.flatMap(\.reasons) + (whole?.reasons ?? [])).sorted() }

    /// When the next attempt is due.
    var due: ContinuousClock.Instant? {
        [attempts.values.lazy.map(\.due).min(), whole?.due].compactMap(\.self).min()
    }

    /// Whether everything is to be tried again.
    func isWholeDue(at now: ContinuousClock.Instant) -> Bool { whole.map { $0.due <= now } ?? false }

    /// The virtual servers whose time has come.
    func dueKeys(at now: ContinuousClock.Instant) -> Set<VirtualServerKey> {
        attempts.isEmpty ? [] : Set(attempts.filter { $0.value.due <= now }.keys)
    }

    /// Takes note of a sync that could not be carried out.
    mutating func fail(at now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator) {
        whole = Self.next(after: whole, now, &generator)
    }

    /// Takes note of what a sync was refused.
    ///
    /// - Parameter keys: What it looked at; `nil` for everything.
    mutating func settle(
        _ report: SyncReport, _ keys: Set<VirtualServerKey>?, at now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) {
        let refused = report.failures.map(\.cause.operation.key)
        let failed = Set(refused.compactMap(\.self))
        if let keys {
            for key in keys.subtracting(failed) { attempts[key] = nil }
        } else {
            attempts = attempts.filter { failed.contains($0.key) }
            whole = refused.contains(nil) ? whole : nil
        }
        for key in failed { attempts[key] = Self.next(after: attempts[key], now, &generator) }
        if refused.contains(nil) { fail(at: now, using: &generator) }
        for failure in report.failures {
            if let key = failure.cause.operation.key {
                attempts[key]?.reasons.append(failure.description)
            } else {
                whole?.reasons.append(failure.description)
            }
        }
    }

    /// Twice as long after each attempt, and not all at the same moment.
    private static func next(
        after attempt: Attempt?, _ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator
    ) -> Attempt {
        let count = attempt?.count ?? 0
        let wait = min(last, first * (1 << min(count, 6)))
        return Attempt(count: count + 1, due: now + wait * Double.random(in: 0.5...1, using: &generator))
    }
}
