import LoadBalancing

/// Who asks what, and where.
struct LabQuestion: Sendable {
    let place: LabPlace
    /// The client's address; `nil` when the kernel chooses one.
    var source: SocketAddress?
    let target: SocketAddress
    let transport: TransportProtocol

    /// - Parameters:
    ///   - source: The client's address; its first one unless told.
    ///   - sourcePort: 0 for any.
    init(
        from place: LabPlace, source: String? = nil, sourcePort: UInt16 = 0, to host: String, port: UInt16,
        _ transport: TransportProtocol = .tcp
    ) throws(ScenarioFailure) {
        self.place = place
        target = try SocketAddress(host, port: port)
        self.transport = transport
        // The node does as the kernel would, which for a Service is to come from the Service's own address. But SCTP
        // tells the other side every address of a socket that is not bound to one.
        let isFree = place == .node1 && transport != .sctp && sourcePort == 0
        let host = source ?? (isFree ? nil : place.address(target.family))
        self.source = try host.map { (host) throws(ScenarioFailure) in try SocketAddress(host, port: sourcePort) }
    }
}
