package import DataPath
package import LoadBalancing
package import Reconcile

/// What an agent keeps the kernel equal to.
package protocol DesiredSource {
    /// Whether every source has told all it has once; before that, nothing is changed.
    var isComplete: Bool { get }
    /// Whether all that the sources have told is part of what is wanted: else much may seem to be gone, or less than is.
    var isWhole: Bool { get }
    /// Everything that is wanted.
    var desired: DesiredState { get }
    /// Connection timeouts and synchronisation daemons that are wanted, without virtual servers.
    var settings: DesiredState { get }
    /// What is wanted of one virtual server; `nil` for nothing.
    func desired(_ key: VirtualServerKey) -> DesiredVirtualServer?
    /// How what Services need beside IPVS is kept; `nil` where it is not.
    var network: DataPathSettings? { get }
    /// What Services need beside IPVS.
    var dataPath: Set<DataPathElement> { get }
}

extension DesiredSource {
    package var isWhole: Bool { true }
    package var network: DataPathSettings? { nil }
    package var dataPath: Set<DataPathElement> { [] }

    /// All that is wanted beside IPVS.
    var demand: DataPathDemand? { network.map { DataPathDemand(settings: $0, elements: dataPath) } }
}

/// What one step of the loop did.
package struct AgentStep: Sendable {
    /// What it was about.
    package enum Scope: String, Hashable, Sendable, CaseIterable {
        /// All that is declared: at the start, after new files, after a failure.
        case everything
        /// Virtual servers that are wanted otherwise, drain, or failed before.
        case changes
        /// Whether the kernel still is as it was left.
        case verification
    }

    package let scope: Scope
    package let result: Result<SyncReport, SyncError>
    /// What others did since the last verification.
    package let drift: [Drift]
    /// When the first of the changes came that it was about.
    package let noted: ContinuousClock.Instant?
    /// Whether it is about what is beside IPVS alone, and says nothing of virtual servers.
    package let isOfNetwork: Bool

    package init(
        scope: Scope, result: Result<SyncReport, SyncError>, drift: [Drift], noted: ContinuousClock.Instant?,
        isOfNetwork: Bool = false
    ) {
        self.scope = scope
        self.result = result
        self.drift = drift
        self.noted = noted
        self.isOfNetwork = isOfNetwork
    }
}
