import LoadBalancing

/// A Service of the matrix, which is reached in one way only.
struct MatrixService: Sendable {
    /// The way in which it is reached.
    enum Kind: String, CaseIterable, Sendable {
        case clusterIP, nodePort, loadBalancer, externalIP
    }

    /// Where its endpoints are.
    enum Endpoints: String, CaseIterable, Sendable {
        case everywhere, elsewhere, none

        var pods: Set<LabPlace> {
            switch self {
            case .everywhere: [.a, .b, .c]
            case .elsewhere: [.c]
            case .none: []
            }
        }
    }

    let kind: Kind
    let policy: LabService.Policy
    let endpoints: Endpoints
    let number: Int

    /// One of each.
    static let all: [MatrixService] = {
        var all: [MatrixService] = []
        for kind in Kind.allCases {
            for policy in LabService.Policy.allCases {
                for endpoints in Endpoints.allCases {
                    all.append(
                        MatrixService(kind: kind, policy: policy, endpoints: endpoints, number: all.count + 1))
                }
            }
        }
        return all
    }()

    var service: LabService {
        var service = LabService(
            name: "matrix-\(number)", number: number, policy: policy, endpoints: endpoints.pods.sorted())
        switch kind {
        case .clusterIP: break
        case .nodePort: (service.type, service.hasNodePort) = ("NodePort", true)
        case .loadBalancer: (service.type, service.hasIngress) = ("LoadBalancer", true)
        case .externalIP: service.hasExternalIPs = true
        }
        return service
    }

    /// Where clients reach it.
    func target(_ family: AddressFamily) -> (host: String, port: UInt16) {
        switch kind {
        case .clusterIP: (service.clusterIP(family), LabService.port)
        case .nodePort: (LabPlace.node1.address(family), service.nodePort)
        case .loadBalancer: (service.ingress(family), LabService.port)
        case .externalIP: (service.externalIP(family), LabService.port)
        }
    }
}
