package import HealthChecks
internal import LoadBalancing

/// What operators say by hand.
extension AgentState {
    /// Names that an error lists.
    private static let named = 5

    /// Follows an order, wholly or not at all.
    ///
    /// It looks at everything that is declared, as rarely as people ask for something.
    package mutating func follow(
        _ order: OverrideOrder, by author: Override.Author, now: ContinuousClock.Instant
    ) throws(OverrideRefusal) -> OverrideOutcome {
        guard isComplete, isWhole else {
            throw OverrideRefusal(.early, "the agent has not read everything that is declared yet; try again soon")
        }
        let all = allDeclared
        let chosen = try Self.chosen(order, of: all)
        // Without a virtual server it holds for those that are declared later as well.
        let keys: [VirtualServerKey?] = order.virtualServer == nil ? [nil] : chosen.map(\.key)
        let targets = keys.map { Override.Target(order.address, port: order.port, in: $0) }
        guard case .put(let action) = order.action else { return try enable(order, targets, author, now) }
        let servers = chosen.filter { server in
            server.realServers.contains { realServer in
                targets.contains { $0.matches(realServer.endpoint, in: server.key) }
            }
        }
        guard !servers.isEmpty else { throw Self.unmatched(order, chosen) }
        // A copy: nothing has happened if it does not do.
        var next = verdicts
        var outcome = OverrideOutcome()
        for target in targets
        where target.virtualServer == nil || servers.contains(where: { $0.key == target.virtualServer }) {
            let override = Override(action, of: target, since: now, until: order.length.map { now + $0 }, by: author)
            let about = target.virtualServer.map { key in servers.filter { $0.key == key } } ?? servers
            outcome.change.add(next.put(override, about: about, now: now))
            outcome.put.append(override)
        }
        guard next.overrides.count <= Overrides.maximumCount else {
            throw OverrideRefusal(
                .full, "there would be more than \(Overrides.maximumCount) overrides; end some with 'ipvsync enable'")
        }
        outcome.subjects = Self.subjects(of: targets, in: servers)
        try require(next, order, action, servers)
        verdicts = next
        return outcome
    }

    /// Ends what is over, and what is about nothing any more.
    mutating func endOverrides(now: ContinuousClock.Instant) -> VerdictChange {
        var change = verdicts.endOverrides(now: now)
        // What is not known yet must not look like what has gone.
        if isComplete, isWhole { change.endedOverrides += verdicts.endOrphanedOverrides() }
        return change
    }

    /// Looks anew which virtual servers overrides are about.
    mutating func noteAllForOverrides() {
        for server in allDeclared { verdicts.note(server, server.key) }
        let gone = verdicts.overrides.touched.map(\.key).filter { declared($0) == nil }
        for key in gone { verdicts.note(nil, key) }
    }

    private mutating func enable(
        _ order: OverrideOrder, _ targets: [Override.Target], _ author: Override.Author, _ now: ContinuousClock.Instant
    ) throws(OverrideRefusal) -> OverrideOutcome {
        let standing = verdicts.overrides.all
        var outcome = OverrideOutcome()
        outcome.change = verdicts.endOverrides(coveredBy: targets, author: author, now: now)
        guard outcome.change.endedOverrides.isEmpty else { return outcome }
        let near = Nearest.first(Self.named, to: order.realServer, in: standing.lazy.map(\.target.description))
        let others = near.isEmpty ? "there is none at all" : "there is \(near.joined(separator: "; "))"
        throw OverrideRefusal(
            .unmatched, "no override is about \(Self.description(of: order)): \(others)")
    }

    /// Refuses what would leave a virtual server without any real server that serves, and what changes nothing.
    private func require(
        _ next: Verdicts, _ order: OverrideOrder, _ action: Override.Action, _ servers: [DesiredVirtualServer]
    ) throws(OverrideRefusal) {
        func serves(_ server: DesiredVirtualServer, by verdicts: Verdicts) -> Bool {
            verdicts.effective(server).realServers.contains { $0.weight > 0 }
        }
        if case .weight(1...) = action {
            let weights = servers.flatMap { server in
                server.realServers.filter { next.overrides.override(of: $0.endpoint, in: server.key)?.action == action }
            }
            guard weights.contains(where: { $0.weight > 0 }) else {
                throw OverrideRefusal(
                    .useless,
                    "\(order.realServer) is declared with weight 0, or has an override that is more particular: "
                        + "declare a weight, or see 'ipvsync drain --list'")
            }
        }
        guard !order.isForced else { return }
        let bare = servers.filter { serves($0, by: verdicts) && !serves($0, by: next) }
        guard let first = bare.first else { return }
        let more = bare.count > 1 ? " and \(bare.count - 1) more" : ""
        throw OverrideRefusal(
            .lastOne,
            "\(first.label)\(more) would be left without any real server that serves; add --force if that is meant")
    }

    private static func chosen(
        _ order: OverrideOrder, of all: [DesiredVirtualServer]
    ) throws(OverrideRefusal) -> [DesiredVirtualServer] {
        guard let text = order.virtualServer else { return all }
        let selector = VirtualServerSelector(text)
        let chosen = all.filter(selector.matches)
        guard chosen.isEmpty else { return chosen.sorted { $0.key < $1.key } }
        let near = Nearest.first(named, to: text, in: all.lazy.map(\.label))
        throw OverrideRefusal(
            .unmatched,
            "there is no virtual server \(text)" + (near.isEmpty ? "" : "; there is \(near.joined(separator: ", "))"))
    }

    private static func unmatched(_ order: OverrideOrder, _ chosen: [DesiredVirtualServer]) -> OverrideRefusal {
        let endpoints = chosen.lazy.flatMap { $0.realServers.lazy.map(\.endpoint) }
        let same = Set(endpoints.filter { $0.address == order.address }).sorted().prefix(named).map(\.description)
        let some = Set(endpoints.prefix(Nearest.limit)).lazy.map(\.description)
        let near = same.isEmpty ? Nearest.first(named, to: order.realServer, in: some) : same
        let place = order.virtualServer.map { "virtual server \($0)" } ?? "any virtual server"
        return OverrideRefusal(
            .unmatched,
            "there is no real server \(order.realServer) in \(place)"
                + (near.isEmpty ? "" : "; there is \(near.joined(separator: ", "))"))
    }

    private static func subjects(
        of targets: [Override.Target], in servers: [DesiredVirtualServer]
    ) -> [OverrideOutcome.Subject] {
        servers.sorted { $0.key < $1.key }.flatMap { server in
            server.realServers.filter { realServer in
                targets.contains { $0.matches(realServer.endpoint, in: server.key) }
            }.map { OverrideOutcome.Subject(virtualServer: server.key, name: server.name, realServer: $0.endpoint) }
        }
    }

    private static func description(of order: OverrideOrder) -> String {
        order.realServer + (order.virtualServer.map { " in \($0)" } ?? "")
    }
}

extension DesiredVirtualServer {
    /// `tcp 192.0.2.1:80 (web)`.
    fileprivate var label: String { "\(key)" + (name.map { " (\($0))" } ?? "") }
}

extension VerdictChange {
    /// Takes what else has changed.
    package mutating func add(_ other: VerdictChange) {
        keys.formUnion(other.keys)
        transitions += other.transitions
        quorums += other.quorums
        endedOverrides += other.endedOverrides
    }
}

/// Finds what was probably meant.
private enum Nearest {
    /// So many texts are looked at: the loop waits meanwhile.
    static let limit = 5_000

    /// The texts that begin as the given one does, those first that do so for longest.
    static func first(_ count: Int, to text: String, in texts: some Sequence<String>) -> [String] {
        let wanted = Array(text.utf8)
        let common = texts.prefix(limit).map { text in (text, zip(wanted, text.utf8).prefix { $0 == $1 }.count) }
        return common.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(count).map(\.0)
    }
}
