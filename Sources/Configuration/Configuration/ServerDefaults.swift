import LoadBalancing

/// What a real server is unless it says otherwise, as it comes down from a file's defaults to a virtual server.
struct ServerDefaults {
    var forwarding = ForwardingMethod.masquerade
    var tunnel = Tunnel.ipip
    var weight: UInt32 = 1
    var upperThreshold: UInt32 = 0
    var lowerThreshold: UInt32 = 0

    /// These defaults with what a mapping says over them.
    func overridden(by reader: MappingReader) -> ServerDefaults {
        ServerDefaults(
            forwarding: reader(Fields.forwarding) ?? forwarding, tunnel: reader(Fields.tunnel) ?? tunnel,
            weight: reader(Fields.weight) ?? weight, upperThreshold: reader(Fields.upperThreshold) ?? upperThreshold,
            lowerThreshold: reader(Fields.lowerThreshold) ?? lowerThreshold)
    }

    /// The real server at an endpoint.
    func realServer(_ endpoint: Endpoint) -> RealServer {
        RealServer(
            endpoint, forwarding: forwarding.isTunnel ? .tunnel(tunnel) : forwarding, weight: weight,
            upperThreshold: upperThreshold, lowerThreshold: lowerThreshold)
    }
}
