package import LoadBalancing

/// All overrides by hand, and the virtual servers that they are about.
///
/// Pure: times are handed in. A virtual server that changes costs as much as it has real servers, however many overrides
/// and virtual servers there are.
package struct Overrides: Sendable {
    /// A virtual server with a real server that an override is about.
    private struct Match {
        let declared: DesiredVirtualServer
        let targets: Set<Override.Target>
    }

    /// So many may stand at a time.
    package static let maximumCount = 1_000

    private var table: [Override.Target: Override] = [:]
    private var matches: [VirtualServerKey: Match] = [:]
    /// How many virtual servers have a real server that a target is about.
    private var uses: [Override.Target: Int] = [:]
    /// Whether some may be about nothing since the last ``endOrphans()``.
    private var mayHaveOrphans = false

    /// - Parameter overrides: Those that stand already; of two with the same target the last, and no more than
    ///   ``maximumCount``.
    package init(_ overrides: some Sequence<Override> = []) {
        for override in overrides where table.count < Self.maximumCount { table[override.target] = override }
        mayHaveOrphans = !table.isEmpty
    }

    package var isEmpty: Bool { table.isEmpty }
    package var count: Int { table.count }

    /// In the order of their targets.
    package var all: [Override] { table.values.sorted { $0.target < $1.target } }

    package func count(_ kind: Override.Kind) -> Int { table.values.count { $0.kind == kind } }

    /// How many virtual servers have a real server that it is about.
    package func useCount(of override: Override) -> Int { uses[override.target] ?? 0 }

    /// When the next one ends by itself; `nil` for never.
    package var nextEnd: ContinuousClock.Instant? { table.values.lazy.compactMap(\.until).min() }

    /// The override that counts for a real server: the most particular one.
    package func override(of endpoint: Endpoint, in key: VirtualServerKey) -> Override? {
        guard !table.isEmpty else { return nil }
        return Override.Target.candidates(endpoint, in: key).lazy.compactMap { table[$0] }.first
    }

    /// What counts for the real servers of a virtual server, those alone for which something does.
    package func actions(of server: DesiredVirtualServer) -> [Endpoint: Override.Action] {
        guard !table.isEmpty else { return [:] }
        return server.realServers.reduce(into: [:]) { actions, realServer in
            actions[realServer.endpoint] = override(of: realServer.endpoint, in: server.key)?.action
        }
    }

    /// The virtual servers that an override is about, as they are declared, in any order.
    package var touched: some Sequence<DesiredVirtualServer> { matches.values.lazy.map(\.declared) }

    /// A virtual server whose real servers nobody checks, as the kernel is to have it.
    package func effective(_ declared: DesiredVirtualServer) -> DesiredVirtualServer {
        guard matches[declared.key] != nil else { return declared }
        var effective = declared
        effective.realServers = []
        for server in declared.realServers {
            var server = server
            switch override(of: server.endpoint, in: declared.key)?.action {
            case .drain:
                effective.withdrawn[server.endpoint] = .drain
                continue
            case .weight(let weight)?: if server.weight > 0 { server.weight = weight }
            case nil: break
            }
            effective.realServers.append(server)
        }
        return effective
    }

    // MARK: What is declared

    /// Takes note of a virtual server as it is declared now; `nil` when it is declared no more.
    package mutating func note(_ declared: DesiredVirtualServer?, _ key: VirtualServerKey) {
        guard !table.isEmpty || matches[key] != nil else { return }
        let old = matches[key]?.targets ?? []
        var new: Set<Override.Target> = []
        if let declared, !table.isEmpty {
            for server in declared.realServers {
                for target in Override.Target.candidates(server.endpoint, in: key) where table[target] != nil {
                    new.insert(target)
                }
            }
        }
        matches[key] = declared.flatMap { new.isEmpty ? nil : Match(declared: $0, targets: new) }
        for target in new.subtracting(old) { uses[target, default: 0] += 1 }
        for target in old.subtracting(new) { unuse(target) }
    }

    private mutating func unuse(_ target: Override.Target) {
        let count = (uses[target] ?? 1) - 1
        uses[target] = count > 0 ? count : nil
        if count <= 0 { mayHaveOrphans = true }
    }

    // MARK: What is said

    /// Takes an override, in the place of one with the same target.
    ///
    /// - Parameter servers: All virtual servers that have such a real server.
    package mutating func put(_ override: Override, about servers: [DesiredVirtualServer]) {
        table[override.target] = override
        for server in servers { note(server, server.key) }
    }

    /// Ends overrides.
    ///
    /// - Returns: The virtual servers that they were about, and what has ended.
    package mutating func end(
        where isOver: (Override) -> Bool
    ) -> (keys: Set<VirtualServerKey>, ended: [Override]) {
        let ended = table.values.filter(isOver)
        guard !ended.isEmpty else { return ([], []) }
        let targets = Set(ended.map(\.target))
        for target in targets { table[target] = nil }
        let touched = matches.filter { !$0.value.targets.isDisjoint(with: targets) }
        for (key, match) in touched { note(match.declared, key) }
        return (Set(touched.keys), ended.sorted { $0.target < $1.target })
    }

    /// Ends those that are about no real server any more. Only somebody who knows all virtual servers may ask for it.
    package mutating func endOrphans() -> [Override] {
        guard mayHaveOrphans else { return [] }
        mayHaveOrphans = false
        let uses = uses
        return end { uses[$0.target] == nil }.ended
    }
}
