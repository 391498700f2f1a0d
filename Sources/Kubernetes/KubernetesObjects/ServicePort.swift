package import LoadBalancing

/// One port of a Service.
package struct ServicePort: Hashable, Sendable {
    /// Empty when the Service has only one port.
    package var name: String
    package var transportProtocol: TransportProtocol
    package var port: UInt16
    /// `nil` for the same as ``port``.
    package var targetPort: PortReference?
    /// 0 for none.
    package var nodePort: UInt16

    package init(
        name: String = "", transportProtocol: TransportProtocol = .tcp, port: UInt16, targetPort: PortReference? = nil,
        nodePort: UInt16 = 0
    ) {
        self.name = name
        self.transportProtocol = transportProtocol
        self.port = port
        self.targetPort = targetPort
        self.nodePort = nodePort
    }
}

/// A port by its number or by its name in a Pod.
package enum PortReference: Hashable, Sendable {
    case number(UInt16)
    case name(String)
}
