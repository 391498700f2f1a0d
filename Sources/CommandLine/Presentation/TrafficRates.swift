package import LoadBalancing

/// Traffic per second between two looks.
package struct TrafficRates: Hashable, Sendable {
    package var connections = 0.0
    package var inboundPackets = 0.0
    package var outboundPackets = 0.0
    package var inboundBytes = 0.0
    package var outboundBytes = 0.0

    /// Whether there was any.
    package var isIdle: Bool { values.allSatisfy { $0 == 0 } }

    /// In the order of the columns.
    var values: [Double] { [connections, inboundPackets, outboundPackets, inboundBytes, outboundBytes] }

    package init() {}

    /// The difference of two looks over the time between them; `nil` unless both have counters.
    ///
    /// When any counter went back, all were zeroed, and what they have counted since is the least that there was.
    package init?(_ current: TrafficStatistics?, since previous: TrafficStatistics?, elapsed: Duration) {
        let seconds = elapsed / .seconds(1)
        guard let current, let previous, seconds > 0 else { return nil }
        let (now, before) = (current.totals, previous.totals)
        let wereZeroed = zip(now, before).contains { $0 < $1 }
        let rates = zip(now, before).map { Double($0 - (wereZeroed ? 0 : $1)) / seconds }
        (connections, inboundPackets, outboundPackets) = (rates[0], rates[1], rates[2])
        (inboundBytes, outboundBytes) = (rates[3], rates[4])
    }

    /// Whether it is busier: by bytes, else by packets, else by connections, both directions together.
    static func isBusier(_ left: TrafficRates?, than right: TrafficRates?) -> Bool? {
        let (left, right) = (left?.weights ?? (-1, -1, -1), right?.weights ?? (-1, -1, -1))
        return left == right ? nil : left > right
    }

    private var weights: (Double, Double, Double) {
        (inboundBytes + outboundBytes, inboundPackets + outboundPackets, connections)
    }
}

/// Rates in few characters.
enum RateText {
    private static let units: [(size: Double, suffix: String)] = [
        (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"),
    ]

    /// `-` for none, `0.5`, `42`, `9999`, `12.3k`, `456M`.
    static func text(_ rate: Double?) -> String {
        guard let rate, rate.isFinite, rate >= 0 else { return "-" }
        if rate == 0 { return "0" }
        if rate < 9.95 { return oneDecimal(max(rate, 0.1)) }
        if rate < 9999.5 { return whole(rate) }
        // 999,950 would be 1000.0k.
        for (size, suffix) in units where rate >= size * 0.99995 {
            let value = rate / size
            return (value < 99.95 ? oneDecimal(value) : whole(value)) + suffix
        }
        return whole(rate)
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func whole(_ value: Double) -> String { "\(Int(min(value, 1e18).rounded()))" }
}

/// The latest looks at the kernel's table, of which two make the rates.
package struct RateWindow: Sendable {
    /// The kernel adds its counters up every two seconds: between looks that are closer they often stand still.
    package static let shortest = Duration.milliseconds(1900)

    private var looks: [(time: ContinuousClock.Instant, state: ObservedState)] = []

    package init() {}

    /// The table with the rates since the youngest look that is old enough; without one, since the oldest.
    package mutating func sample(_ state: ObservedState, at time: ContinuousClock.Instant) -> RateTable {
        let enough = looks.lastIndex { $0.time.duration(to: time) >= Self.shortest } ?? 0
        looks.removeFirst(min(enough, looks.count))
        let base = looks.first
        looks.append((time, state))
        return RateTable(state, since: base?.state, elapsed: base?.time.duration(to: time) ?? .zero)
    }
}
