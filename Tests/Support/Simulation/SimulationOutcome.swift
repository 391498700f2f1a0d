internal import Agent
internal import DataPath
internal import LoadBalancing

/// A fault that is put in on purpose: the simulation has to find it.
package enum Mutation: String, CaseIterable, Sendable {
    /// Addresses come before their virtual servers.
    case addressesFirst
    /// Real servers go with their connections.
    case cutsDrains
    /// However much goes at once, it goes.
    case noGuard
    /// What is there before the sources have spoken counts as all that is declared.
    case believesEarly
    /// What others made counts as ours and is removed.
    case claimsForeign
    /// Virtual servers wait for the network for as long as it takes.
    case waitsForNetwork
    /// Nobody looks whether the table still is as it was left.
    case neverVerifies
    /// What checks say counts for nothing.
    case ignoresVerdicts
    /// A new process knows nothing of what the one before had found.
    case forgetsVerdicts
}

/// An invariant that did not hold, with the way to see it again.
package struct SimulationFailure: Error, CustomStringConvertible {
    package let seed: UInt64
    package let time: Duration
    package let message: String
    package let trace: [String]

    package var description: String {
        "seed \(seed), at \(time): \(message)\n" + trace.map { "  \($0)\n" }.joined()
    }
}

/// What simulations went through.
package struct SimulationFigures: Sendable {
    package var jobs = 0
    package var operations = 0
    package var events = 0
    package var restarts = 0
    /// The longest that a change of a virtual server waited for its job, while the table was idle.
    package var longestWait = Duration.zero
    /// The most jobs that one turn of the loop handed out.
    package var busiestTurn = 0

    package init() {}

    package mutating func add(_ other: SimulationFigures) {
        jobs += other.jobs
        operations += other.operations
        events += other.events
        restarts += other.restarts
        longestWait = max(longestWait, other.longestWait)
        busiestTurn = max(busiestTurn, other.busiestTurn)
    }
}

extension TableJob {
    var name: String {
        switch self {
        case .everything(let desired, _): "everything (\(desired.virtualServers.count))"
        case .some(let keys, _): "changes of \(keys.sorted())"
        case .lookOver: "a look over"
        case .check(let keys, _, _, let repairs, _, _): "a check of \(keys.sorted()), repairs \(repairs)"
        case .checkEverything: "a check of everything"
        case .release: "a release"
        case .nothing: "nothing"
        }
    }
}

extension NetworkJob {
    var name: String {
        switch self {
        case .everything: "everything"
        case .change(let change, _, let retries, let looks):
            "a change of \(change.added.count)+\(change.removed.count), retries \(retries), looks \(looks)"
        case .finish(let flows, let isWhole): "a finish, \(flows.count) flows, whole \(isWhole)"
        case .verify(let repairs): "a verification, repairs \(repairs)"
        case .release: "a release"
        }
    }
}
