/// What kube-proxy has left on a node and is to go, in an order in which nothing goes that still serves something else.
package struct TakeoverPlan: Hashable, Sendable {
    package var steps: [TakeoverStep] = []
    /// What is kube-proxy's and has to stay, with the reason.
    package var kept: [String] = []

    package init(steps: [TakeoverStep] = [], kept: [String] = []) {
        self.steps = steps
        self.kept = kept
    }

    /// Whether rules go that may be the last to need connection tracking.
    package var losesTracking: Bool {
        steps.contains { step in
            switch step {
            case .removeRules, .deleteTable: true
            case .destroySet, .removeVirtualServer, .removeDevice: false
            }
        }
    }

    /// Whether nothing is left to remove.
    package var isEmpty: Bool { steps.isEmpty }
}
