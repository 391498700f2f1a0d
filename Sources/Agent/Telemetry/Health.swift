internal import Agent
package import Documents
internal import LoadBalancing
internal import Reconcile

/// Whether an agent is well, with the reasons.
package struct Health: Sendable {
    package enum State: String, Hashable, Sendable, Comparable {
        case ok
        /// It works, and somebody should look at it.
        case degraded
        case failed

        private var rank: Int { self == .ok ? 0 : self == .degraded ? 1 : 2 }

        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    package struct Check: Hashable, Sendable {
        package let name: String
        package let state: State
        /// Empty when all is well.
        package let reason: String
    }

    /// The loop comes around at least once a minute, whatever happens.
    private static let longestBeat = Duration.seconds(120)
    /// A first sync of everything takes a slow machine minutes; what takes longer hangs.
    package static let longestJob = Duration.seconds(300)

    package let checks: [Check]
    /// Whether the process does anything at all: if not, it has to be started again.
    package var isLive: Bool { checks.first { $0.name == "loop" }?.state == .ok }
    /// Whether the table has been made right since the start.
    package let isReady: Bool

    /// Whether it is well enough to be relied on: degraded is.
    package var isHealthy: Bool { state < .failed }

    /// Whether syncs do what they should, but for one that failed just now.
    package var doesSync: Bool { checks.first { $0.name == "sync" }?.state != .failed }

    package var state: State { checks.map(\.state).max() ?? .ok }

    /// Pure: the same snapshot and time give the same answer.
    package init(_ snapshot: AgentSnapshot, now: ContinuousClock.Instant = .now) {
        isReady = snapshot.lastSuccess != nil
        checks = [
            Self.loop(snapshot, now), Self.sources(snapshot), Self.files(snapshot), Self.sync(snapshot, now),
            Self.kernel(snapshot), Self.removals(snapshot), Self.network(snapshot, now),
            Self.check("addresses", .degraded, snapshot.released),
            Self.check("health_checks", .degraded, snapshot.healthCheckPorts.unserved),
            Self.check("checks", .degraded, [snapshot.checks.problem].compactMap(\.self)),
        ]
    }

    /// For probes and people.
    package var document: Document {
        [
            "status": .string(state.rawValue), "ready": .bool(isReady),
            "checks": .sequence(
                checks.map { check in
                    [
                        "name": .string(check.name), "status": .string(check.state.rawValue),
                        "reason": .string(check.reason),
                    ]
                }),
        ]
    }
}

// MARK: - Checks

extension Health {
    private static func loop(_ snapshot: AgentSnapshot, _ now: ContinuousClock.Instant) -> Check {
        let age = snapshot.beat.duration(to: now)
        let job = snapshot.tableBusySince?.duration(to: now) ?? .zero
        var reasons: [String] = []
        if age >= longestBeat { reasons.append("it has not come around for \(age.components.seconds) s") }
        if job >= longestJob { reasons.append("one sync has taken \(job.components.seconds) s") }
        return check("loop", .failed, reasons)
    }

    private static func network(_ snapshot: AgentSnapshot, _ now: ContinuousClock.Instant) -> Check {
        let age = snapshot.networkBusySince?.duration(to: now) ?? .zero
        let reason = "rules and addresses wait for one change, which has taken \(age.components.seconds) s"
        return check("network", .degraded, age < longestBeat ? [] : [reason])
    }

    private static func sources(_ snapshot: AgentSnapshot) -> Check {
        let missing = snapshot.sources.filter { !$0.isComplete }
        let reasons = snapshot.sources.compactMap { source -> String? in
            if let problem = source.problem { return "\(source.name): \(problem)" }
            if !source.isComplete { return "\(source.name): not read yet" }
            return source.unreadable.isEmpty ? nil : "\(source.name): \(source.unreadable.count) objects cannot be read"
        }
        // Without a first full reading nothing is served that this agent would have to serve.
        return check("sources", missing.isEmpty ? .degraded : .failed, reasons)
    }

    private static func files(_ snapshot: AgentSnapshot) -> Check {
        check("files", .degraded, snapshot.invalidFiles)
    }

    private static func sync(_ snapshot: AgentSnapshot, _ now: ContinuousClock.Instant) -> Check {
        guard let problem = snapshot.problem else {
            return Check(name: "sync", state: .ok, reason: snapshot.lastSuccess == nil ? "none yet" : "")
        }
        let patience = snapshot.verificationInterval * 2
        let isLong = snapshot.lastSuccess.map { $0.duration(to: now) > patience } ?? true
        return check("sync", isLong ? .failed : .degraded, [problem])
    }

    private static func kernel(_ snapshot: AgentSnapshot) -> Check {
        check("kernel", .degraded, snapshot.refused)
    }

    private static func removals(_ snapshot: AgentSnapshot) -> Check {
        guard let held = snapshot.held else { return Check(name: "removals", state: .ok, reason: "") }
        return Check(
            name: "removals", state: .degraded,
            reason:
                "\(held.virtualServers) virtual servers and \(held.realServers) real servers are held back: so many "
                + "look like a mistake")
    }

    /// Well without reasons; else in that state, with the first few of them.
    private static func check(_ name: String, _ state: State, _ reasons: [String]) -> Check {
        guard !reasons.isEmpty else { return Check(name: name, state: .ok, reason: "") }
        let more = reasons.count > 3 ? "; and \(reasons.count - 3) more" : ""
        return Check(name: name, state: state, reason: reasons.prefix(3).joined(separator: "; ") + more)
    }
}
