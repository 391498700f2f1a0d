package import KubernetesObjects
package import LoadBalancing

/// An endpoint with the name that it has within its Service.
package struct NamedEndpoint: Hashable, Sendable {
    package let endpoint: Endpoint
    /// Empty for most.
    package let hostname: String
}

extension ClusterState {
    /// The ready endpoints of a Service's port in all families, sorted, wherever they are; without a port, all of them.
    package func readyEndpoints(of service: Service, _ port: ServicePort?) -> [NamedEndpoint] {
        let endpoints = ServiceEndpoints(of: service, in: self)
        return AddressFamily.allCases.flatMap { endpoints.usable(for: port, $0) }
            .filter { $0.conditions.ready || service.publishNotReadyAddresses }
            .map { NamedEndpoint(endpoint: $0.endpoint, hostname: $0.hostname) }
    }

    /// What is said of the endpoints of a Service that are left out.
    package func endpointProblems(of service: Service) -> [String] {
        ServiceEndpoints(of: service, in: self).warnings.filter { $0.reason == .endpoint }.map(\.message)
    }
}
