import Documents
import LoadBalancing

extension Pod {
    init(_ metadata: ObjectMetadata, _ fields: FieldReader) throws(ObjectError) {
        let spec = try fields.object("spec")
        let status = try fields.object("status")
        let ips = try status.objects("podIPs") { (entry) throws(ObjectError) in try entry.string("ip") }
        let ip = try status.string("podIP")
        let phase = try status.string("phase")
        let conditions = try status.objects("conditions") { (condition) throws(ObjectError) in
            (type: try condition.string("type"), status: try condition.string("status"))
        }
        self.init(
            metadata, nodeName: try spec.string("nodeName"), ips: ips.isEmpty ? ip.isEmpty ? [] : [ip] : ips,
            ports: try Self.ports(spec),
            isReady: conditions.contains { $0.type == "Ready" && $0.status == "True" },
            isTerminating: try fields.object("metadata").optionalString("deletionTimestamp") != nil,
            hasEnded: phase == "Succeeded" || phase == "Failed", hostname: try spec.string("hostname"),
            subdomain: try spec.string("subdomain"))
    }
}

extension Pod {
    /// The ports of the containers, and of init containers that go on running (`FindPort` in k8s.io/endpointslice).
    private static func ports(_ spec: FieldReader) throws(ObjectError) -> [ContainerPort] {
        func ports(_ container: FieldReader) throws(ObjectError) -> [ContainerPort] {
            try container.objects("ports") { (port) throws(ObjectError) in try ContainerPort(port) }
        }
        let ordinary = try spec.objects("containers", ports)
        let sidecars = try spec.objects("initContainers") { (container) throws(ObjectError) in
            try container.string("restartPolicy") == "Always" ? try ports(container) : []
        }
        return (ordinary + sidecars).flatMap { $0 }
    }
}

extension ContainerPort {
    fileprivate init(_ fields: FieldReader) throws(ObjectError) {
        self.init(
            name: try fields.string("name"), containerPort: try fields.requiredPort("containerPort"),
            transportProtocol: try fields.transportProtocol())
    }
}

extension Node {
    init(_ metadata: ObjectMetadata, _ fields: FieldReader) throws(ObjectError) {
        let addresses = try fields.object("status").objects("addresses") { (entry) throws(ObjectError) in
            (type: try entry.string("type"), address: try entry.string("address"))
        }
        let spec = try fields.object("spec")
        let taints = try spec.objects("taints") { (taint) throws(ObjectError) in try taint.string("key") }
        let isDeleted = try fields.object("metadata").present("deletionTimestamp") != nil
        let (networks, network) = (try spec.strings("podCIDRs"), try spec.string("podCIDR"))
        self.init(
            metadata,
            addresses: ["InternalIP", "ExternalIP"].flatMap { type in
                addresses.filter { $0.type == type }.map(\.address)
            }, podNetworks: networks.isEmpty ? network.isEmpty ? [] : [network] : networks,
            isLeaving: isDeleted || taints.contains(Self.deletionTaint))
    }
}
