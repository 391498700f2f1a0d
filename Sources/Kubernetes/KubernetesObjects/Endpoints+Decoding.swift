import Documents

extension Endpoints {
    init(_ metadata: ObjectMetadata, _ fields: FieldReader) throws(ObjectError) {
        self.init(
            metadata,
            subsets: try fields.objects("subsets") { (subset) throws(ObjectError) in
                EndpointSubset(
                    addresses: try subset.objects("addresses", EndpointAddress.init),
                    notReadyAddresses: try subset.objects("notReadyAddresses", EndpointAddress.init),
                    ports: try subset.objects("ports") { (port) throws(ObjectError) in try EndpointPort(port) })
            })
    }
}

extension EndpointAddress {
    fileprivate init(_ fields: FieldReader) throws(ObjectError) {
        self.init(
            ip: try fields.string("ip"), hostname: try fields.string("hostname"),
            nodeName: try fields.string("nodeName"),
            pod: try fields.targetPod())
    }
}
