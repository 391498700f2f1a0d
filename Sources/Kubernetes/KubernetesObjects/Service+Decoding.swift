import Documents
import LoadBalancing

extension ObjectMetadata {
    /// - Parameter kind: Of the object: by their labels, Services select Pods.
    init(_ fields: FieldReader, kind: String) throws(ObjectError) {
        self.init(
            name: try fields.string("name"), namespace: try fields.string("namespace"),
            // Which of two Services is the older one matters; of all other objects, nobody asks.
            creationTimestamp: kind == "Service" ? try fields.string("creationTimestamp") : "",
            labels: try fields.dictionary("labels") { key in
                // The text that is here already, not another one for each object.
                kind == "Pod" ? key : Self.relevantLabels.first { $0 == key }
            },
            annotations: try fields.dictionary("annotations") { key in
                Self.relevantAnnotations.contains { key.hasPrefix($0) } ? key : nil
            })
        if kind == "Service" { uid = ObjectUID(try fields.string("uid")) }
    }

    private static let relevantLabels = [
        "kubernetes.io/service-name", "service.kubernetes.io/headless", "service.kubernetes.io/service-proxy-name",
        "topology.kubernetes.io/zone",
    ]
    /// How they begin.
    private static let relevantAnnotations = [
        "ipvsync.io/", "endpoints.kubernetes.io/over-capacity", EndpointSlice.changeTriggerAnnotation,
        // Those of others that are read like ours.
        "kube-router.io/service.", "service.cilium.io/weight",
    ]
}

extension Service {
    init(_ metadata: ObjectMetadata, _ fields: FieldReader) throws(ObjectError) {
        let spec = try fields.object("spec")
        let clusterIPs = try spec.strings("clusterIPs")
        let clusterIP = try spec.string("clusterIP")
        let status = try fields.object("status").object("loadBalancer")
        self.init(
            metadata,
            kind: try spec.choice("type") ?? .clusterIP,
            clusterIPs: clusterIPs.isEmpty ? clusterIP.isEmpty ? [] : [clusterIP] : clusterIPs,
            ipFamilies: try spec.families("ipFamilies"),
            ports: try spec.objects("ports") { (port) throws(ObjectError) in try ServicePort(port) },
            selector: try spec.dictionary("selector"),
            externalIPs: try spec.strings("externalIPs"),
            externalName: try spec.string("externalName"),
            loadBalancerIngress: try status.objects("ingress") { (entry) throws(ObjectError) in
                LoadBalancerIngress(
                    ip: try entry.string("ip"), hostname: try entry.string("hostname"),
                    ipMode: try entry.optionalString("ipMode"))
            },
            loadBalancerSourceRanges: try spec.strings("loadBalancerSourceRanges"),
            sessionAffinityTimeout: try Self.affinity(spec),
            internalTrafficPolicy: try spec.choice("internalTrafficPolicy") ?? .cluster,
            externalTrafficPolicy: try spec.choice("externalTrafficPolicy") ?? .cluster,
            healthCheckNodePort: try spec.optionalInteger("healthCheckNodePort", in: 0...65_535) ?? 0,
            publishNotReadyAddresses: try spec.optionalBool("publishNotReadyAddresses") ?? false)
    }

    private static func affinity(_ spec: FieldReader) throws(ObjectError) -> UInt32? {
        guard try spec.choice("sessionAffinity") == SessionAffinity.clientIP else { return nil }
        return try spec.object("sessionAffinityConfig").object("clientIP")
            .optionalInteger("timeoutSeconds", in: 1...86_400) ?? defaultSessionAffinityTimeout
    }
}

/// What `sessionAffinity` may be.
private enum SessionAffinity: String, CaseIterable {
    case none = "None"
    case clientIP = "ClientIP"
}

extension ServicePort {
    fileprivate init(_ fields: FieldReader) throws(ObjectError) {
        self.init(
            name: try fields.string("name"), transportProtocol: try fields.transportProtocol(),
            port: try fields.requiredPort("port"), targetPort: try fields.portReference("targetPort"),
            nodePort: try fields.optionalInteger("nodePort", in: 0...65_535) ?? 0)
    }
}

extension AddressFamily {
    /// Reads `IPv4` or `IPv6`.
    init?(apiName: String) {
        switch apiName {
        case "IPv4": self = .ipv4
        case "IPv6": self = .ipv6
        default: return nil
        }
    }
}

extension FieldReader {
    /// Address families by their names.
    fileprivate func families(_ name: String) throws(ObjectError) -> [AddressFamily] {
        var families: [AddressFamily] = []
        for text in try strings(name) {
            guard let family = AddressFamily(apiName: text) else {
                throw failure(name, "holds \(text), which is neither IPv4 nor IPv6")
            }
            families.append(family)
        }
        return families
    }

    /// One of an enumeration's names; `nil` when it is absent.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(ObjectError) -> Choice? where Choice.RawValue == String {
        guard let value = present(name), let text = try optionalString(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw failure(value, name, "is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    /// The field `protocol`; TCP when it is absent.
    func transportProtocol() throws(ObjectError) -> TransportProtocol {
        guard let value = present("protocol"), let text = try optionalString("protocol") else { return .tcp }
        switch text {
        case "TCP": return .tcp
        case "UDP": return .udp
        case "SCTP": return .sctp
        default: throw failure(value, "protocol", "is none of TCP, UDP, SCTP")
        }
    }

    func requiredPort(_ name: String) throws(ObjectError) -> UInt16 {
        try required(name, try optionalInteger(name, in: 1...65_535))
    }

    /// A port by number or name; `nil` when it is absent, empty or 0.
    ///
    /// In the API it has either type, and digits in quotes would name a port: no port has such a name.
    func portReference(_ name: String) throws(ObjectError) -> PortReference? {
        guard let value = present(name) else { return nil }
        if value.scalar?.integerValue != nil {
            return try optionalInteger(name, in: UInt16.min...UInt16.max).flatMap { $0 == 0 ? nil : .number($0) }
        }
        guard let text = try optionalString(name) else { return nil }
        guard UInt16(text) == nil else {
            throw failure(value, name, "is a text, not a number; write it without quotes")
        }
        return .name(text)
    }
}
