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
            add(service, "\(service.metadata.name).\(service.metadata.namespace).svc.\(domain)", cluster)
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

    private mutating func add(_ service: Service, _ name: String, _ cluster: ClusterState) {
        guard service.kind != .externalName else {
            if !service.externalName.isEmpty { add(name, "CNAME", Self.absolute(service.externalName)) }
            return
        }
        let addresses = service.clusterIPs.compactMap { IPAddress($0) }
        guard addresses.isEmpty else {
            for address in addresses {
                add(name, address.recordType, "\(address)")
                add(address.reverseName, "PTR", "\(name).")
            }
            for port in service.ports { addLocation(port, port.port, of: name, at: name) }
            return
        }
        guard service.clusterIPs.first == "None" else { return }
        // A headless Service needs no port to be found by name.
        for port in service.ports.isEmpty ? [nil] : service.ports.map(Optional.some) {
            for endpoint in cluster.readyEndpoints(of: service, port) { add(endpoint, port, of: name) }
        }
    }

    /// An endpoint of a headless Service: under the Service's name, and under one of its own.
    private mutating func add(_ named: NamedEndpoint, _ port: ServicePort?, of service: String) {
        let address = named.endpoint.address
        let own = "\(named.hostname.isEmpty ? address.label : named.hostname).\(service)"
        add(service, address.recordType, "\(address)")
        add(own, address.recordType, "\(address)")
        if !named.hostname.isEmpty { add(address.reverseName, "PTR", "\(own).") }
        if let port { addLocation(port, named.endpoint.port, of: service, at: own) }
    }

    /// Only named ports have SRV records.
    private mutating func addLocation(_ port: ServicePort, _ number: UInt16, of service: String, at target: String) {
        guard !port.name.isEmpty else { return }
        add("_\(port.name)._\(port.transportProtocol).\(service)", "SRV", "0 100 \(number) \(target).")
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
