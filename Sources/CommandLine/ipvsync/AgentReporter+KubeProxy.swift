internal import Agent
internal import KubernetesAPI
internal import LoadBalancing
internal import Logging
internal import ServiceTranslation
internal import Telemetry

/// What is counted as a kube-proxy counts it.
extension AgentReporter {
    /// Takes the API server's answers, and whether load balancers may bring this node new connections.
    mutating func report(_ answers: [APIAnswer], isNodeEligible: Bool) {
        guard !answers.isEmpty || isNodeEligible != isEligible else { return }
        if isNodeEligible != isEligible {
            log.info("node eligibility changed", metadata: ["eligible": "\(isNodeEligible)"])
        }
        isEligible = isNodeEligible
        board.update { snapshot in
            snapshot.isNodeEligible = isNodeEligible
            snapshot.metrics.kubeProxy.record(answers)
        }
    }

    /// Takes the API server's answers to Events, and how many were told.
    func report(_ answers: [APIAnswer], events: EventQueue) {
        board.update { snapshot in
            snapshot.metrics.kubeProxy.record(answers)
            (snapshot.eventsSent, snapshot.eventsDropped) = (events.sent, events.dropped)
        }
    }

    /// Takes note of changes that have come, and of the virtual servers that are wanted otherwise.
    mutating func note(_ counts: ChangeCounts, _ keys: [VirtualServerKey]) {
        guard counts != changeCounts || !keys.isEmpty else { return }
        isSettled = false
        changeCounts = counts
        let families = Set(keys.lazy.map(\.family))
        board.update { $0.metrics.kubeProxy.note(counts, families) }
    }

    /// Takes note that the kernel has every change that has come.
    mutating func settle(_ state: inout AgentState) {
        guard !isSettled else { return }
        isSettled = true
        let (counts, triggers, lack) = (state.changeCounts, state.takeChangeTriggers(), state.localLack)
        board.update { snapshot in
            snapshot.metrics.kubeProxy.settle(counts, triggers, lack, started: snapshot.identity.started)
        }
    }
}
