import KubernetesObjects

/// Chooses among the endpoints of one Service port (`pkg/proxy/topology.go` in Kubernetes).
struct EndpointSelection {
    private let candidates: [EndpointCandidate]
    private let policy: TranslationPolicy
    private let heedsHints: Bool

    /// - Parameters:
    ///   - candidates: Of one family, each endpoint once.
    ///   - heedsHints: Whether hints keep traffic on a node or in a zone.
    init(_ candidates: [EndpointCandidate], policy: TranslationPolicy, heedsHints: Bool = true) {
        self.heedsHints = heedsHints
        self.candidates = candidates
        self.policy = policy
    }

    /// A verdict on each candidate, in their order.
    func verdicts(_ traffic: Service.TrafficPolicy, fallsBack: Bool) -> [EndpointDecision.Verdict] {
        switch traffic {
        case .cluster:
            return clusterVerdicts()
        case .local:
            let local = localVerdicts()
            guard fallsBack, !local.contains(where: \.isChosen) else { return local }
            return clusterVerdicts().map { $0.isChosen ? .fallback : $0 }
        }
    }

    private func clusterVerdicts() -> [EndpointDecision.Verdict] {
        let topology = heedsHints ? topology() : .anywhere
        return unlessNoneReady(among: { _ in true }) { candidate in
            switch topology {
            case .anywhere: .ready
            case .node: candidate.nodeHints?.contains(policy.nodeName) == true ? .ready : .hintedToAnotherNode
            case .zone: candidate.zoneHints?.contains(policy.zone) == true ? .ready : .hintedToAnotherZone
            }
        }
    }

    private func localVerdicts() -> [EndpointDecision.Verdict] {
        unlessNoneReady(among: { policy.isLocal($0.nodeName) }) { _ in .ready }
    }

    /// Ready endpoints by `judge`; with none of them ready, those that serve while they terminate.
    private func unlessNoneReady(
        among isEligible: (EndpointCandidate) -> Bool,
        judge: (EndpointCandidate) -> EndpointDecision.Verdict
    ) -> [EndpointDecision.Verdict] {
        let anyReady = candidates.contains { $0.conditions.ready && isEligible($0) }
        return candidates.map { candidate in
            guard isEligible(candidate) else { return .onAnotherNode }
            if candidate.conditions.ready { return judge(candidate) }
            guard candidate.servesWhileTerminating else { return .notReady }
            return anyReady ? .terminating : .servingWhileTerminating
        }
    }

    private enum Topology { case anywhere, node, zone }

    /// Hints count only when every ready endpoint has them and one of them names us.
    private func topology() -> Topology {
        let ready = candidates.lazy.filter(\.conditions.ready)
        if !policy.nodeName.isEmpty, ready.allSatisfy({ $0.nodeHints?.isEmpty == false }),
            ready.contains(where: { $0.nodeHints?.contains(policy.nodeName) == true })
        {
            return .node
        }
        if !policy.zone.isEmpty, ready.allSatisfy({ $0.zoneHints?.isEmpty == false }),
            ready.contains(where: { $0.zoneHints?.contains(policy.zone) == true })
        {
            return .zone
        }
        return .anywhere
    }
}
