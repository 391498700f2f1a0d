import Documents
import LoadBalancing

extension EndpointSlice {
    init(_ metadata: ObjectMetadata, _ fields: FieldReader) throws(ObjectError) {
        var unused = AddressSample()
        var metadata = metadata
        let trigger = metadata.annotations.removeValue(forKey: Self.changeTriggerAnnotation)
        self.init(
            metadata,
            family: try fields.required("addressType", try fields.choice("addressType") as AddressType?).family,
            ports: try fields.objects("ports") { (port) throws(ObjectError) in try EndpointPort(port) },
            endpoints: try fields.objects("endpoints") { (entry) throws(ObjectError) in
                try SliceEndpoint(entry, &unused)
            })
        unusedAddresses = unused
        changeTrigger = trigger.flatMap(Timestamp.seconds)
    }
}

/// What `addressType` may be.
private enum AddressType: String, CaseIterable {
    case ipv4 = "IPv4"
    case ipv6 = "IPv6"
    case name = "FQDN"

    var family: AddressFamily? { AddressFamily(apiName: rawValue) }
}

extension EndpointPort {
    init(_ fields: FieldReader) throws(ObjectError) {
        self.init(
            name: try fields.string("name"), port: try fields.optionalInteger("port", in: 0...65_535),
            transportProtocol: try fields.transportProtocol())
    }
}

extension SliceEndpoint {
    /// - Parameter unused: Gets the addresses beside the first one.
    fileprivate init(_ fields: FieldReader, _ unused: inout AddressSample) throws(ObjectError) {
        let conditions = try fields.object("conditions")
        let hints = try fields.optionalObject("hints")
        let addresses = try fields.strings("addresses")
        for address in addresses.dropFirst() { unused.add(address) }
        self.init(
            address: addresses.first ?? "",
            conditions: EndpointConditions(
                ready: try conditions.optionalBool("ready") ?? true,
                serving: try conditions.optionalBool("serving") ?? true,
                terminating: try conditions.optionalBool("terminating") ?? false),
            nodeName: try Self.nodeName(fields), hostname: try fields.string("hostname"),
            pod: try fields.targetPod(), zoneHints: try hints?.names("forZones"),
            nodeHints: try hints?.names("forNodes"))
    }
}

extension SliceEndpoint {
    /// Kubernetes 1.17 to 1.20 tell the node in the topology of `v1beta1`.
    private static func nodeName(_ fields: FieldReader) throws(ObjectError) -> String {
        if let name = try fields.optionalString("nodeName") { return name }
        return try fields.object("topology").string("kubernetes.io/hostname")
    }
}

extension FieldReader {
    /// The Pod that the field `targetRef` names.
    func targetPod() throws(ObjectError) -> PodMark? {
        let target = try object("targetRef")
        return try target.string("kind") == "Pod" ? PodMark(try target.string("name")) : nil
    }

    /// The names in a list of objects; `nil` when the list is absent.
    fileprivate func names(_ name: String) throws(ObjectError) -> [String]? {
        guard present(name) != nil else { return nil }
        return try objects(name) { (entry) throws(ObjectError) in try entry.string("name") }
    }
}
