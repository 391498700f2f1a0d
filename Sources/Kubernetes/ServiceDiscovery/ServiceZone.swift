internal import KubernetesObjects
internal import LoadBalancing
package import ServiceTranslation

/// The names of all Services as an RFC 1035 zone, by the Kubernetes DNS specification 1.1.
package struct ServiceZone: Hashable, Sendable {
    /// What the zone says of itself.
    package struct Authority: Hashable, Sendable {
        /// The domain, without the final dot.
        package let origin: String
        /// The server that the NS record names, absolute.
        package let nameServer: String
        package let serial: UInt32
        /// Seconds that an answer may be kept.
        package let timeToLive: UInt32

        package init(origin: String, nameServer: String, serial: UInt32, timeToLive: UInt32) {
            self.origin = origin
            self.nameServer = nameServer
            self.serial = serial
            self.timeToLive = timeToLive
        }
    }

    private struct Record: Hashable, Comparable {
        /// Absolute, with the final dot.
        let name: String
        let type: String
        let value: String

        static func < (left: Self, right: Self) -> Bool {
            (left.name, left.type, left.value) < (right.name, right.type, right.value)
        }
    }

    private let authority: Authority
    private var records: Set<Record> = []
    private var refused: Set<String> = []

    /// What is left out, and why, sorted.
    package var warnings: [String] { refused.sorted() }

    /// The zone of all names below the cluster's domain.
    package init(_ cluster: ClusterState, _ authority: Authority) {
        self.init(cluster, domain: authority.origin, authority)
        records = records.filter { $0.type != "PTR" }
        add("dns-version.\(authority.origin)", "TXT", "\"1.1.0\"")
    }

    /// The PTR records below a reverse origin (`96.10.in-addr.arpa`).
    ///
    /// - Parameter domain: The cluster's domain, without the final dot.
    package init(reverse cluster: ClusterState, domain: String, _ authority: Authority) {
        self.init(cluster, domain: domain, authority)
        let suffix = ".\(authority.origin)."
        records = records.filter { $0.type == "PTR" && $0.name.hasSuffix(suffix) }
    }

    private init(_ cluster: ClusterState, domain: String, _ authority: Authority) {
        self.authority = authority
        for service in cluster.services.values {
            let (name, namespace) = (service.metadata.name, service.metadata.namespace)
            guard DNSName.isLabel(name), DNSName.isLabel(namespace) else {
                refuse(service, "its name is no DNS label (a-z, 0-9 and dashes, at most 63): it is left out")
                continue
            }
            add(service, "\(name).\(namespace).svc.\(domain)", cluster)
        }
    }

    /// The zone file; the same for the same Services.
    package var lines: [String] {
        let own = [
            "$TTL \(authority.timeToLive)",
            "\(authority.origin). IN SOA \(authority.nameServer) hostmaster.\(authority.origin). "
                + "\(authority.serial) 7200 1800 86400 \(authority.timeToLive)",
            "\(authority.origin). IN NS \(authority.nameServer)",
        ]
        return own + records.sorted().map { "\($0.name) IN \($0.type) \($0.value)" }
    }
}

// MARK: - Records

extension ServiceZone {
    private mutating func add(_ name: String, _ type: String, _ value: String) {
        records.insert(Record(name: "\(name).", type: type, value: value))
    }

    private mutating func refuse(_ service: Service, _ problem: String) {
        refused.insert("Service \(service.metadata.namespace)/\(service.metadata.name): \(problem)")
    }

    /// Whether a name is short enough for DNS; the Service whose it is is told otherwise.
    private mutating func isShort(_ name: String, of service: Service) -> Bool {
        guard name.utf8.count > DNSName.longest else { return true }
        refuse(service, "a name of \(name.utf8.count) characters is longer than DNS allows: it is left out")
        return false
    }

    private mutating func add(_ service: Service, _ name: String, _ cluster: ClusterState) {
        guard isShort(name, of: service) else { return }
        guard service.kind != .externalName else { return addAlias(service, name) }
        let addresses = service.clusterIPs.compactMap { IPAddress(kubernetes: $0) }
        guard addresses.isEmpty else {
            for address in addresses {
                add(name, address.recordType, "\(address)")
                add(address.reverseName, "PTR", "\(name).")
            }
            for port in service.ports { addLocation(port, port.port, of: name, at: name, service) }
            return
        }
        guard service.clusterIPs.first == "None" else { return }
        for problem in cluster.endpointProblems(of: service) { refuse(service, problem) }
        // Every ready endpoint has an address record, whatever its ports (DNS specification 1.1, 2.4.1).
        for endpoint in cluster.readyEndpoints(of: service, nil) { add(endpoint, nil, of: name, service) }
        for port in service.ports {
            for endpoint in cluster.readyEndpoints(of: service, port) { add(endpoint, port, of: name, service) }
        }
    }

    /// The name that a Service stands for, as the API server would take it.
    private mutating func addAlias(_ service: Service, _ name: String) {
        let target = service.externalName
        guard DNSName.isSubdomain(target.hasSuffix(".") ? String(target.dropLast()) : target) else {
            return refuse(
                service, "externalName \"\(target)\" is no DNS name (labels of a-z, 0-9 and dashes): it is left out")
        }
        add(name, "CNAME", Self.absolute(target))
    }

    /// An endpoint of a headless Service: under the Service's name, and under one of its own.
    private mutating func add(_ named: NamedEndpoint, _ port: ServicePort?, of name: String, _ service: Service) {
        let address = named.endpoint.address
        var hostname = named.hostname
        if !hostname.isEmpty, !DNSName.isLabel(hostname) {
            refuse(service, "the host name \"\(hostname)\" of endpoint \(address) is no DNS label: it goes without")
            hostname = ""
        }
        let own = "\(hostname.isEmpty ? address.label : hostname).\(name)"
        add(name, address.recordType, "\(address)")
        guard isShort(own, of: service) else { return }
        add(own, address.recordType, "\(address)")
        if !hostname.isEmpty { add(address.reverseName, "PTR", "\(own).") }
        if let port { addLocation(port, named.endpoint.port, of: name, at: own, service) }
    }

    /// Only named ports have SRV records.
    private mutating func addLocation(
        _ port: ServicePort, _ number: UInt16, of name: String, at target: String, _ service: Service
    ) {
        guard !port.name.isEmpty else { return }
        guard DNSName.isServiceLabel(port.name) else {
            return refuse(service, "the port name \"\(port.name)\" is no DNS label: it has no SRV record")
        }
        let location = "_\(port.name)._\(port.transportProtocol).\(name)"
        if isShort(location, of: service) { add(location, "SRV", "0 100 \(number) \(target).") }
    }

    private static func absolute(_ name: String) -> String { name.hasSuffix(".") ? name : "\(name)." }
}

extension IPAddress {
    fileprivate var recordType: String { family == .ipv4 ? "A" : "AAAA" }

    /// The address as one label, for endpoints without a name: `10-244-0-5`.
    fileprivate var label: String {
        // A label may not begin or end with a dash.
        let text = String(description.map { $0 == "." || $0 == ":" ? "-" : $0 })
        return (text.hasPrefix("-") ? "0" : "") + text + (text.hasSuffix("-") ? "0" : "")
    }

    /// The name for PTR records (RFC 1035, RFC 3596).
    fileprivate var reverseName: String {
        switch family {
        case .ipv4:
            return (0..<4).map { "\(v4Value >> (8 * $0) & 0xFF)" }.joined(separator: ".") + ".in-addr.arpa"
        case .ipv6:
            let nibbles = [low, high].flatMap { half in
                (0..<16).map { String(half >> (4 * $0) & 0xF, radix: 16) }
            }
            return nibbles.joined(separator: ".") + ".ip6.arpa"
        }
    }
}
