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
