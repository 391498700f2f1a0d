package import Reconcile

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
