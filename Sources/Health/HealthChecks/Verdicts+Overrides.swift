package import LoadBalancing

/// What is said by hand, and what follows from it.
extension Verdicts {
    /// Takes note of a virtual server as it is declared now; `nil` when it is declared no more. Those that are watched
    /// are told of by ``watch(_:by:now:)`` as well.
    package mutating func note(_ declared: DesiredVirtualServer?, _ key: VirtualServerKey) {
        overrides.note(declared, key)
    }

    /// Takes an override, in the place of all those that it covers: the last word counts.
    ///
    /// - Parameter servers: All virtual servers that have such a real server, as they are declared.
    package mutating func put(
        _ override: Override, about servers: [DesiredVirtualServer], now: ContinuousClock.Instant
    ) -> VerdictChange {
        let (keys, ended) = overrides.end { override.target.covers($0.target) }
        overrides.put(override, about: servers)
        var change = VerdictChange()
        change.endedOverrides = ended.map { EndedOverride($0, .replaced(override.author)) }
        judge(keys.union(servers.lazy.map(\.key)), &change, now)
        return change
    }

    /// Ends the overrides that a target covers.
    package mutating func endOverrides(
        coveredBy targets: [Override.Target], author: Override.Author, now: ContinuousClock.Instant
    ) -> VerdictChange {
        end(.enabled(author), now) { override in targets.contains { $0.covers(override.target) } }
    }

    /// Ends the overrides whose time is over.
    package mutating func endOverrides(now: ContinuousClock.Instant) -> VerdictChange {
        guard let next = overrides.nextEnd, next <= now else { return VerdictChange() }
        return end(.time, now) { $0.until.map { $0 <= now } ?? false }
    }

    /// Ends the overrides whose real servers are nobody's any more. Only somebody who knows everything that is declared
    /// may ask for it.
    package mutating func endOrphanedOverrides() -> [EndedOverride] {
        overrides.endOrphans().map { EndedOverride($0, .gone) }
    }

    private mutating func end(
        _ cause: EndedOverride.Cause, _ now: ContinuousClock.Instant, where isOver: (Override) -> Bool
    ) -> VerdictChange {
        let (keys, ended) = overrides.end(where: isOver)
        var change = VerdictChange()
        change.endedOverrides = ended.map { EndedOverride($0, cause) }
        judge(keys, &change, now)
        return change
    }

    private mutating func judge(
        _ keys: Set<VirtualServerKey>, _ change: inout VerdictChange, _ now: ContinuousClock.Instant
    ) {
        guard !keys.isEmpty else { return }
        self.now = now
        change.keys.formUnion(keys)
        for key in keys { judge(key, &change) }
    }

    /// The real servers whose weight is not the declared one, in the order of their virtual servers.
    ///
    /// - Parameter limit: No more than these.
    package func deviations(atMost limit: Int) -> [WeightDeviation] {
        var found: [WeightDeviation] = []
        for server in watched.values where found.count < limit {
            found += server.deviations(now: now, verdict(of:)).prefix(limit - found.count)
        }
        for server in overrides.touched where watched[server.key] == nil && found.count < limit {
            found += overrides.deviations(of: server).prefix(limit - found.count)
        }
        return found.sorted { ($0.virtualServer, $0.realServer) < ($1.virtualServer, $1.realServer) }
    }
}

extension Overrides {
    /// The real servers of a virtual server that nobody checks whose weight is given by hand.
    fileprivate func deviations(of server: DesiredVirtualServer) -> [WeightDeviation] {
        let effective = effective(server)
        let weights = Dictionary(uniqueKeysWithValues: effective.realServers.map { ($0.endpoint, $0.weight) })
        return server.realServers.compactMap { realServer in
            let isDrained = effective.withdrawn[realServer.endpoint] != nil
            let weight = weights[realServer.endpoint] ?? 0
            guard isDrained || weight != realServer.weight else { return nil }
            return WeightDeviation(
                virtualServer: server.key, realServer: realServer.endpoint, declared: realServer.weight,
                effective: weight, reason: isDrained ? .drainedByHand : .weightByHand)
        }
    }
}
