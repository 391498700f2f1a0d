package import LoadBalancing

/// How metrics and health are served.
package struct TelemetryOptions: Hashable, Sendable {
    /// Where; never port 0.
    package var listen: ListeningPlace
    /// With more real servers than these, no metrics of each are served; 0 for never.
    package var trafficLimit: UInt32
    /// Whether the health check ports of Services are served.
    package var healthCheckNodePorts: Bool
    /// Where the agent answers as a kube-proxy does; `nil` for nowhere.
    package var kubeProxy: KubeProxyPlaces?
    /// Whether owners of Services are told in Events of what is refused.
    package var events: Bool

    package init(
        listen: ListeningPlace = ListeningPlace(Settings.standardTelemetryEndpoint),
        trafficLimit: UInt32 = Settings.standardTrafficLimit, healthCheckNodePorts: Bool = true,
        kubeProxy: KubeProxyPlaces? = nil, events: Bool = true
    ) {
        self.listen = listen
        self.trafficLimit = trafficLimit
        self.healthCheckNodePorts = healthCheckNodePorts
        self.kubeProxy = kubeProxy
        self.events = events
    }
}

/// Where kube-proxy would listen: load balancers, probes and scrapers ask there.
package struct KubeProxyPlaces: Hashable, Sendable {
    /// For `/healthz` and `/livez`, which load balancers ask; `nil` for nowhere.
    package var healthz: ListeningPlace?
    /// For `/metrics`, `/proxyMode` and another `/healthz`; `nil` for nowhere. It may be ``TelemetryOptions/listen``.
    package var metrics: ListeningPlace?

    /// By default as a kube-proxy without any configuration.
    package init(
        healthz: ListeningPlace? = standardHealthz,
        metrics: ListeningPlace? = ListeningPlace(Settings.standardTelemetryEndpoint)
    ) {
        self.healthz = healthz
        self.metrics = metrics
    }

    /// Port 10256 of every address.
    package static let standardHealthz = ListeningPlace(port: 10_256)
}

/// A port of one address of this machine, or of all that it has or gets.
package struct ListeningPlace: Hashable, Sendable {
    /// `nil` for all addresses of both families; `0.0.0.0` and `::` are those of one family.
    package let address: IPAddress?
    package let port: UInt16

    package init(address: IPAddress? = nil, port: UInt16) {
        self.address = address
        self.port = port
    }

    package init(_ endpoint: Endpoint) { self.init(address: endpoint.address, port: endpoint.port) }

    /// Whether a TCP server can be found there.
    var canListen: Bool { port > 0 && address?.isMulticast != true }

    /// Whether only one of two servers can listen.
    func overlaps(_ other: Self) -> Bool {
        guard port == other.port else { return false }
        guard let address, let otherAddress = other.address else { return true }
        return address == otherAddress
            || address.family == otherAddress.family && [address, otherAddress].contains { $0.special == .unspecified }
    }
}

extension ListeningPlace: CustomStringConvertible {
    /// `:10256`, `127.0.0.1:10249` or `[::1]:10249`.
    package var description: String { address.map { "\(Endpoint($0, port: port))" } ?? ":\(port)" }

    /// Reads `:10256`, `127.0.0.1:10249` or `[::1]:10249`; the port is required.
    package init?(_ text: String) {
        if text.first == ":" {
            guard let endpoint = Endpoint("0.0.0.0\(text)") else { return nil }
            self.init(port: endpoint.port)
        } else if let endpoint = Endpoint(text) {
            self.init(endpoint)
        } else {
            return nil
        }
    }
}
