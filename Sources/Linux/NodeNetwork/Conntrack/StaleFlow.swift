package import LoadBalancing

/// Flows of a protocol without connections that still go to a real server which a virtual server no longer has.
///
/// Their connection tracking entries keep them there as long as packets come: see ``ConntrackClient``.
package struct StaleFlow: Hashable, Sendable {
    /// UDP or SCTP.
    package let transport: TransportProtocol
    /// Where clients send to; `nil` for any address, as with node ports.
    package let virtualAddress: IPAddress?
    /// The port that clients send to; `nil` for any.
    package let virtualPort: UInt16?
    /// Who answers: the source of the reply direction. The virtual server itself where packets got no real server.
    package let realServer: Endpoint

    package init(
        _ transport: TransportProtocol, virtualAddress: IPAddress?, virtualPort: UInt16?, realServer: Endpoint
    ) {
        self.transport = transport
        self.virtualAddress = virtualAddress
        self.virtualPort = virtualPort
        self.realServer = realServer
    }

    /// The flows of one virtual server to one real server.
    package init(_ transport: TransportProtocol, virtualServer: Endpoint, realServer: Endpoint) {
        self.init(
            transport, virtualAddress: virtualServer.address, virtualPort: virtualServer.port, realServer: realServer)
    }

    /// Whether an entry is of these flows, exactly. TCP entries never are.
    package func matches(_ entry: ConntrackEntry) -> Bool {
        transport != .tcp && entry.protocolNumber == transport.rawValue && entry.reply.source == realServer
            && virtualAddress ?? entry.original.destination.address == entry.original.destination.address
            && virtualPort ?? entry.original.destination.port == entry.original.destination.port
    }
}

extension StaleFlow: CustomStringConvertible {
    /// `udp 10.96.0.10:53 -> 10.244.1.5:53`, with `*` for any.
    package var description: String {
        let address = virtualAddress.map { $0.family == .ipv6 ? "[\($0)]" : "\($0)" } ?? "*"
        return "\(transport) \(address):\(virtualPort.map { "\($0)" } ?? "*") -> \(realServer)"
    }
}
