import KubernetesObjects
import LoadBalancing

/// One endpoint of one Service port, wherever it was read from.
struct EndpointCandidate: Hashable, Sendable {
    let endpoint: Endpoint
    let conditions: EndpointConditions
    let nodeName: String
    let zoneHints: [String]?
    let nodeHints: [String]?
    let weight: UInt32
    /// The name of its own that it has within the Service; mostly empty.
    let hostname: String
    /// The Pod behind it; `nil` when nothing tells.
    let pod: PodMark?
    /// The object that it comes from.
    let source: Source

    /// Kept as parts: the text is only wanted by explanations.
    enum Source: Hashable, Sendable {
        case slice(ObjectName)
        case endpoints(ObjectName)
        case pod(ObjectName)

        var description: String {
            switch self {
            case .slice(let name): "EndpointSlice \(name)"
            case .endpoints(let name): "Endpoints \(name)"
            case .pod(let name): "Pod \(name)"
            }
        }
    }

    /// Whom it belongs to, as far as can be told: the addresses of both families of a Pod are one backend.
    enum Backend: Hashable {
        case pod(PodMark)
        case host(String, node: String)
        case address(IPAddress)
    }

    var backend: Backend {
        if let pod { return .pod(pod) }
        return hostname.isEmpty ? .address(endpoint.address) : .host(hostname, node: nodeName)
    }

    /// Whether it still answers although it is going away.
    var servesWhileTerminating: Bool { conditions.serving && conditions.terminating }
}

extension [EndpointCandidate] {
    /// Sorted by endpoint, each once: of several with the same one, a ready one wins, then one that is not terminating.
    func unique() -> [EndpointCandidate] {
        let ordered = sorted { left, right in
            left.endpoint == right.endpoint ? left.rank < right.rank : left.endpoint < right.endpoint
        }
        var kept: [EndpointCandidate] = []
        kept.reserveCapacity(ordered.count)
        for candidate in ordered where kept.last?.endpoint != candidate.endpoint { kept.append(candidate) }
        return kept
    }
}

extension EndpointCandidate {
    fileprivate var rank: Int { conditions.terminating ? 2 : conditions.ready ? 0 : 1 }
}
