import KubernetesObjects
import LoadBalancing

/// One endpoint of one Service port, wherever it was read from.
struct EndpointCandidate: Hashable, Sendable {
    private(set) var endpoint: Endpoint
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

extension EndpointCandidate {
    /// The same with another port.
    func at(port: UInt16) -> Self {
        var other = self
        other.endpoint = Endpoint(endpoint.address, port: port)
        return other
    }

    /// By endpoint; of several with the same one, a ready one goes first, then one that is not terminating.
    func isBefore(_ other: Self) -> Bool {
        endpoint == other.endpoint ? rank < other.rank : endpoint < other.endpoint
    }

    private var rank: Int { conditions.terminating ? 2 : conditions.ready ? 0 : 1 }
}

extension [EndpointCandidate] {
    /// Sorted by endpoint, each once: of several with the same one, the first stays.
    func unique() -> [EndpointCandidate] {
        // Mostly they are in order, and each is there once.
        let pairs = zip(self, dropFirst())
        if pairs.allSatisfy({ $0.endpoint < $1.endpoint }) { return self }
        let ordered = pairs.contains { $1.isBefore($0) } ? sorted { $0.isBefore($1) } : self
        var kept: [EndpointCandidate] = []
        kept.reserveCapacity(ordered.count)
        for candidate in ordered where kept.last?.endpoint != candidate.endpoint { kept.append(candidate) }
        return kept
    }
}
