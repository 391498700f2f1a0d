package import LoadBalancing
package import Reconcile

/// The kernel's table as people and programs want to see it: with names, owners and drains.
package struct TableView {
    /// Which figures are shown beside the settings.
    package enum Figures: Hashable, Sendable {
        case connections
        /// Counters since the last zeroing.
        case totals
        /// The kernel's estimate of the present rates, per second.
        case rates
    }

    let state: ObservedState
    let ledger: Ledger
    let now: UInt64
    let figures: Figures
    /// What an agent says of real servers that are checked, by their endpoints.
    let checks: [String: [AgentStatus.RealServerCheck]]
    /// What an agent says of real servers whose weight is not the declared one.
    private let weights: [String: AgentStatus.Weight]

    /// - Parameter now: Seconds on the clock of the ledger's drains.
    package init(
        _ state: ObservedState, ledger: Ledger, now: UInt64, figures: Figures = .connections,
        checks: [AgentStatus.RealServerCheck] = [], weights: [AgentStatus.Weight] = []
    ) {
        self.weights = Dictionary(
            weights.map { ("\($0.virtualServer) \($0.realServer)", $0) }, uniquingKeysWith: { first, _ in first })
        self.state = state
        self.ledger = ledger
        self.now = now
        self.figures = figures
        self.checks = Dictionary(grouping: checks, by: \.realServer)
    }

    func owner(_ key: VirtualServerKey) -> String { ledger.owns(key) ? "ipvsync" : "foreign" }

    /// What a real server is doing beside serving.
    private func condition(_ realServer: ObservedRealServer, of key: VirtualServerKey) -> String {
        // The reason for another weight says why it is down as well.
        let reason = deviation(realServer.endpoint, of: key).map { "declared \($0.declared): \($0.reason)" }
        let health = ledger.owns(key) ? reason ?? health(realServer.endpoint) : nil
        return [health, work(realServer, of: key)].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// Why its weight is not the declared one; `nil` if it is.
    func deviation(_ endpoint: Endpoint, of key: VirtualServerKey) -> AgentStatus.Weight? {
        ledger.owns(key) ? weights["\(key) \(endpoint)"] : nil
    }

    /// Why a real server is down; `nil` for one that is not.
    private func health(_ endpoint: Endpoint) -> String? {
        checks[endpoint.description]?.first { $0.state == "down" }.map { "down: \($0.reason)" }
    }

    private func work(_ realServer: ObservedRealServer, of key: VirtualServerKey) -> String {
        if let since = ledger.drainStart(of: realServer.endpoint, in: key) {
            return "draining for \(DurationText.text(now >= since ? now - since : 0))"
        }
        return realServer.realServer.weight == 0 ? "weight 0" : ""
    }
}

// MARK: - Text

extension TableView {
    private static let heading = 0
    private static let realServerHeading = 1

    /// The table in lines: a virtual server, then its real servers.
    package var lines: [Line] {
        let titles = figureTitles
        let realColumns = 3 + titles.count
        var table = TextTable(rightAligned: [
            Self.heading: [], Self.realServerHeading: Set(2..<realColumns),
        ])
        table.add(
            kind: Self.heading, ["VIRTUAL SERVER", "SCHEDULER", "PERSISTENCE", "OWNER", "NAME"], style: .bold)
        table.add(
            kind: Self.realServerHeading, ["  -> REAL SERVER", "FORWARDING", "WEIGHT"] + titles + ["STATE"],
            style: .bold)
        for virtualServer in state.virtualServers {
            table.add(kind: Self.heading, cells(virtualServer), style: ledger.owns(virtualServer.key) ? .cyan : .dim)
            for realServer in virtualServer.realServers {
                let condition = condition(realServer, of: virtualServer.key)
                table.add(
                    kind: Self.realServerHeading, cells(realServer) + [condition],
                    style: condition.isEmpty ? nil : .yellow)
            }
        }
        return table.lines()
    }

    private func cells(_ observed: ObservedVirtualServer) -> [String] {
        let virtualServer = observed.virtualServer
        return [
            virtualServer.key.description, SettingText.scheduler(observed),
            SettingText.persistence(virtualServer), owner(virtualServer.key),
            ledger.name(of: virtualServer.key) ?? "",
        ]
    }

    private func cells(_ observed: ObservedRealServer) -> [String] {
        let realServer = observed.realServer
        let thresholds =
            realServer.upperThreshold == 0 ? "" : " (\(realServer.lowerThreshold)…\(realServer.upperThreshold))"
        return ["  -> \(realServer.endpoint)", "\(realServer.forwarding)\(thresholds)", "\(realServer.weight)"]
            + figureValues(observed).map(\.description)
    }

    private var figureTitles: [String] {
        switch figures {
        case .connections: ["ACTIVE", "INACTIVE", "PERSISTENT"]
        case .totals: ["CONNS", "PACKETS IN", "PACKETS OUT", "BYTES IN", "BYTES OUT"]
        case .rates: ["CONNS/s", "PACKETS IN/s", "PACKETS OUT/s", "BYTES IN/s", "BYTES OUT/s"]
        }
    }

    private func figureValues(_ observed: ObservedRealServer) -> [UInt64] {
        let statistics = observed.statistics ?? TrafficStatistics()
        return switch figures {
        case .connections:
            [
                UInt64(observed.connections.active), UInt64(observed.connections.inactive),
                UInt64(observed.connections.persistent),
            ]
        case .totals: statistics.totals
        case .rates: statistics.rates
        }
    }
}

extension TrafficStatistics {
    /// The counters in the order of the columns.
    var totals: [UInt64] {
        [connections, inboundPackets, outboundPackets, inboundBytes, outboundBytes]
    }

    fileprivate var rates: [UInt64] {
        [connectionRate, inboundPacketRate, outboundPacketRate, inboundByteRate, outboundByteRate]
    }
}
