import DataPath
package import KubernetesObjects
import LoadBalancing

/// Turns one Service and its endpoints into virtual servers (`pkg/proxy/ipvs` in Kubernetes). Pure.
package struct ServiceTranslator: Sendable {
    let policy: TranslationPolicy
    private let explains: Bool

    /// The label by which a Service asks for another proxy.
    private static let proxyNameLabel = "service.kubernetes.io/service-proxy-name"

    /// - Parameter explains: Whether each endpoint's verdict is kept.
    package init(policy: TranslationPolicy, explains: Bool = false) {
        self.policy = policy
        self.explains = explains
    }

    /// What the Service means on this node.
    package func translate(_ whole: Service, in cluster: ClusterState) -> TranslatedService {
        var result = TranslatedService(whole)
        result.omission = omission(whole)
        guard result.omission == nil else { return result }
        let endpoints = ServiceEndpoints(of: whole, in: cluster, policy: policy)
        let service = ServiceBounds.cut(whole, endpoints: endpoints.count, policy: policy, &result.warnings)
        let settings = ServiceSettings(service, policy: policy)
        let sources = SourceRanges(service, policy: policy, &result.warnings)
        result.warnings += settings.warnings + endpoints.warnings
        let edgeRefusal = settings.edge.flatMap { _ in EdgeService.refusal(of: service) }
        if settings.edge != nil, !policy.admitsUnseen { result.warnings.append(Self.unseenRefused(service)) }
        if sources.isRestricted, !policy.enforcesSources { result.warnings.append(Self.unenforced(service)) }
        var servers = ServiceVirtualServers(
            of: service, settings, endpoints, sources, policy: policy, explains: explains)
        result.healthCheck = healthCheck(service, &servers)
        for address in addresses(of: service, in: cluster, &result.warnings) {
            if let edgeRefusal, EdgeService.serves(address.role) {
                result.warnings.append(
                    TranslationWarning(
                        service.metadata.id, reason: .address,
                        "\(address.role.rawValue) \(address.ip) is refused: \(edgeRefusal)"))
                continue
            }
            for (index, port) in service.ports.enumerated() {
                let number = address.role == .nodePort ? port.nodePort : port.port
                guard number > 0, mayServe(number, at: address, service, cluster, &result.warnings) else { continue }
                let made = servers.make(index, at: Endpoint(address.ip, port: number), as: address.role)
                if let made { result.virtualServers.append(made) }
            }
        }
        result.localLack = servers.localLack
        result.warnings += servers.warnings
        result.virtualServers.sort { ($0.key, $0.role.precedence) < ($1.key, $1.role.precedence) }
        dropRepeated(&result)
        if explains { result.othersIngresses = othersIngresses(of: service) }
        result.limitWarnings()
        return result
    }

    private func omission(_ service: Service) -> TranslatedService.Omission? {
        let proxy = service.metadata.labels[Self.proxyNameLabel]
        if proxy != policy.proxyName { return .otherProxy(proxy ?? "") }
        if service.kind == .externalName { return .externalName }
        guard let clusterIP = service.clusterIPs.first, !clusterIP.isEmpty else { return .withoutClusterIP }
        return clusterIP == "None" ? .headless : nil
    }

    /// What the Service asks for and IPVS alone cannot do: to be silent about it would be dangerous.
    private static func unenforced(_ service: Service) -> TranslationWarning {
        TranslationWarning(
            service.metadata.id,
            "loadBalancerSourceRanges is not enforced: add `network:` with `firewall: true` to the configuration, "
                + "or restrict the sources with a firewall of your own")
    }

    /// Nobody sees to the setting that an edge needs.
    private static func unseenRefused(_ service: Service) -> TranslationWarning {
        TranslationWarning(
            service.metadata.id,
            "an edge needs net.ipv4.vs.sloppy_tcp=1, which nobody sets here: add `network:` with `sysctls: true` to the "
                + "configuration, or set it on the host")
    }

    /// Load balancers ask only where a node without endpoints drops their traffic. Endpoints that terminate do not
    /// count although they may serve: no new traffic is to come for them.
    private func healthCheck(_ service: Service, _ servers: inout ServiceVirtualServers) -> HealthCheck? {
        guard service.kind == .loadBalancer, service.externalTrafficPolicy == .local, service.healthCheckNodePort > 0
        else { return nil }
        var local: Set<EndpointCandidate.Backend> = []
        for index in service.ports.indices {
            for family in AddressFamily.allCases {
                for candidate in servers.candidates(index, family)
                where candidate.conditions.ready && !candidate.conditions.terminating
                    && policy.isLocal(candidate.nodeName)
                {
                    local.insert(candidate.backend)
                }
            }
        }
        return HealthCheck(
            service: service.metadata.id, port: service.healthCheckNodePort, localEndpoints: local.count)
    }

    /// The same address twice in one Service is one virtual server: the role that goes before the other counts.
    private func dropRepeated(_ result: inout TranslatedService) {
        var previous: VirtualServerKey?
        result.virtualServers.removeAll { server in
            defer { previous = server.key }
            return server.key == previous
        }
    }
}

// MARK: - Addresses

extension ServiceTranslator {
    private struct Claim {
        let ip: IPAddress
        let role: TranslatedVirtualServer.Role
    }

    /// Every address that the Service asks for and may take, in a family in which it has a cluster IP.
    private func addresses(
        of service: Service, in cluster: ClusterState, _ warnings: inout [TranslationWarning]
    ) -> [Claim] {
        var claims: [Claim] = []
        for ip in service.clusterIPs.compactMap({ parse($0, .clusterIP, service, &warnings) }) {
            if let refusal = policy.refusal(ofStation: ip) {
                warnings.append(Self.warning(service, .clusterIP, ip, refusal))
            } else {
                claims.append(Claim(ip: ip, role: .clusterIP))
            }
        }
        let families = Set(claims.map(\.ip.family))
        let named: [(role: TranslatedVirtualServer.Role, texts: [String])] = [
            (.externalIP, service.externalIPs), (.loadBalancer, ingresses(of: service, &warnings)),
        ]
        for (role, texts) in named {
            for ip in texts.compactMap({ parse($0, role, service, &warnings) }) {
                guard families.contains(ip.family) else {
                    warnings.append(Self.withoutFamily(service, role, ip))
                    continue
                }
                if let refusal = policy.refusal(of: ip, as: role, to: service, in: cluster) {
                    warnings.append(Self.warning(service, role, ip, refusal))
                } else {
                    claims.append(Claim(ip: ip, role: role))
                }
            }
        }
        if service.ports.contains(where: { $0.nodePort > 0 }) {
            let addresses = families.sorted().flatMap(policy.nodePortAddresses)
            claims += addresses.map { Claim(ip: $0, role: .nodePort) }
            if addresses.isEmpty, policy.mayServeNodePorts {
                warnings.append(Self.withoutNodeAddress(service, families))
            }
        }
        return claims
    }

    /// The addresses of load balancers that leave the traffic to nodes; their own traffic stays with the others.
    private func ingresses(of service: Service, _ warnings: inout [TranslationWarning]) -> [String] {
        service.loadBalancerIngress.compactMap { ingress in
            switch ingress.ipMode ?? "VIP" {
            case _ where ingress.ip.isEmpty: return nil
            case "VIP": return ingress.ip
            case "Proxy": return nil
            case let mode:
                warnings.append(
                    TranslationWarning(
                        service.metadata.id,
                        "load balancer ingress \(ingress.ip.excerpt()) is left out: its ipMode \"\(mode.excerpt())\" is "
                            + "neither VIP nor Proxy"))
                return nil
            }
        }
    }

    /// What a load balancer announces for itself: its traffic comes to node ports.
    private func othersIngresses(of service: Service) -> [String] {
        service.loadBalancerIngress.compactMap { ingress in
            if ingress.ip.isEmpty { return ingress.hostname.isEmpty ? nil : "\(ingress.hostname.excerpt()), a name" }
            return ingress.ipMode == "Proxy" ? "\(ingress.ip.excerpt()), with ipMode Proxy" : nil
        }
    }

    private static func withoutNodeAddress(_ service: Service, _ families: Set<AddressFamily>) -> TranslationWarning {
        let names = families.sorted().map(\.label).joined(separator: " or ")
        return TranslationWarning(
            service.metadata.id, reason: .address,
            "its node ports are served nowhere: this node has no \(names) address that services.nodePortAddresses takes"
        )
    }

    private static func warning(
        _ service: Service, _ role: TranslatedVirtualServer.Role, _ address: IPAddress, _ refusal: AddressRefusal
    ) -> TranslationWarning {
        TranslationWarning(
            service.metadata.id, reason: .address, "\(role.rawValue) \(address) is refused: \(refusal.description)")
    }

    private static func withoutFamily(
        _ service: Service, _ role: TranslatedVirtualServer.Role, _ address: IPAddress
    ) -> TranslationWarning {
        TranslationWarning(
            service.metadata.id, reason: .address,
            "\(role.rawValue) \(address) is left out: the Service has no \(address.family.label) cluster IP")
    }

    /// Whether the port of an address is free for the Service: of a node's own address, the API server's is not.
    private func mayServe(
        _ port: UInt16, at claim: Claim, _ service: Service, _ cluster: ClusterState,
        _ warnings: inout [TranslationWarning]
    ) -> Bool {
        guard claim.role == .externalIP || claim.role == .loadBalancer,
            cluster.addresses.apiServerPorts[claim.ip]?.contains(port) == true
        else { return true }
        warnings.append(
            TranslationWarning(
                service.metadata.id, reason: .address,
                "port \(port) of \(claim.role.rawValue) \(claim.ip) is refused: the API server is reached there"))
        return false
    }

    private func parse(
        _ text: String, _ role: TranslatedVirtualServer.Role, _ service: Service,
        _ warnings: inout [TranslationWarning]
    ) -> IPAddress? {
        if let address = IPAddress(kubernetes: text) { return address }
        warnings.append(
            TranslationWarning(
                service.metadata.id, "\(role.rawValue) \"\(text)\" is no address and is left out"))
        return nil
    }
}
