import LoadBalancing

/// Who asks what, and where.
struct LabQuestion: Sendable {
    let place: LabPlace
    /// The client's address; the kernel chooses one unless it is given.
    var source: SocketAddress?
    let target: SocketAddress
    let transport: TransportProtocol

    /// - Parameter source: The client's address, with a port unless any will do.
    init(
        from place: LabPlace, source: String? = nil, sourcePort: UInt16 = 0, to host: String, port: UInt16,
        _ transport: TransportProtocol = .tcp
    ) throws(ScenarioFailure) {
        self.place = place
        target = try SocketAddress(host, port: port)
        self.transport = transport
        // SCTP tells the other side every address of a socket that is not bound to one.
        let host = source ?? (transport == .sctp || sourcePort != 0 ? place.address(target.family) : nil)
        self.source = try host.map { (host) throws(ScenarioFailure) in try SocketAddress(host, port: sourcePort) }
    }
}
