internal import KubernetesObjects
internal import LoadBalancing
package import ServiceTranslation

/// The variables that tell a Pod of the Services in its namespace (`pkg/kubelet/envvars` in Kubernetes).
package struct ServiceEnvironment: Hashable, Sendable {
    /// A name and its value.
    package struct Variable: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    /// Service by Service in the order of their names, each one's in the order of its ports.
    package private(set) var variables: [Variable] = []
    /// What is left out, and why, in the same order.
    package private(set) var warnings: [String] = []

    /// The Service of the API server, which Pods of every namespace are told of.
    private static let apiServer = ObjectName(namespace: "default", name: "kubernetes")

    /// The variables of a Pod in that namespace. Services without a cluster IP have none.
    package init(namespace: String, in cluster: ClusterState) {
        var services = cluster.services.values.filter { $0.metadata.namespace == namespace }
        if let apiServer = cluster.services[Self.apiServer],
            !services.contains(where: { $0.metadata.name == Self.apiServer.name })
        {
            services.append(apiServer)
        }
        for service in services.sorted(by: { $0.metadata.name < $1.metadata.name }) { add(service) }
    }

    private mutating func add(_ service: Service) {
        guard service.kind != .externalName,
            let address = service.clusterIPs.first.flatMap({ IPAddress(kubernetes: $0) }),
            let first = service.ports.first
        else { return }
        guard DNSName.isLabel(service.metadata.name) else {
            return refuse(service, "its name is no DNS label (a-z, 0-9 and dashes, at most 63): it is left out")
        }
        let name = Self.variable(service.metadata.name)
        set("\(name)_SERVICE_HOST", "\(address)")
        set("\(name)_SERVICE_PORT", "\(first.port)")
        for port in service.ports where !port.name.isEmpty {
            guard DNSName.isLabel(port.name) else {
                refuse(service, "the port name \"\(port.name)\" is no DNS label: it has no variable")
                continue
            }
            set("\(name)_SERVICE_PORT_\(Self.variable(port.name))", "\(port.port)")
        }
        set("\(name)_PORT", Self.url(address, first))
        for port in service.ports {
            let link = "\(name)_PORT_\(port.port)_\(port.transportProtocol.description.uppercased())"
            set(link, Self.url(address, port))
            set("\(link)_PROTO", port.transportProtocol.description)
            set("\(link)_PORT", "\(port.port)")
            set("\(link)_ADDR", "\(address)")
        }
    }

    private mutating func refuse(_ service: Service, _ problem: String) {
        warnings.append("Service \(service.metadata.namespace)/\(service.metadata.name): \(problem)")
    }

    private mutating func set(_ name: String, _ value: String) {
        variables.append(Variable(name: name, value: value))
    }

    private static func variable(_ name: String) -> String {
        String(name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    private static func url(_ address: IPAddress, _ port: ServicePort) -> String {
        "\(port.transportProtocol)://\(Endpoint(address, port: port.port))"
    }
}
