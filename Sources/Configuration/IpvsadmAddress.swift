import Glibc
import LoadBalancing

/// An address with or without a port, as ipvsadm writes it: the port may be the name of a service.
enum IpvsadmAddress {
    static func parse(
        _ text: String, _ transportProtocol: TransportProtocol?
    ) throws(Complaint) -> (address: IPAddress, port: UInt16?) {
        if let endpoint = Endpoint(text) { return (endpoint.address, endpoint.port) }
        var host = text[...]
        var portName: Substring?
        if let colon = text.lastIndex(of: ":"), text.first != "[" || text[..<colon].last == "]" {
            host = text[..<colon]
            portName = text[colon...].dropFirst()
        }
        let isBracketed = host.first == "[" && host.last == "]"
        guard let address = IPAddress(isBracketed ? host.dropFirst().dropLast() : host),
            (address.family == .ipv6) == isBracketed
        else {
            throw Complaint(
                field: "address", problem: "`\(host)` is no numeric address", remedy: "use the output of `ipvsadm -Sn`")
        }
        guard let portName else { return (address, nil) }
        return (address, try port(String(portName), transportProtocol))
    }

    private static func port(_ text: String, _ transportProtocol: TransportProtocol?) throws(Complaint) -> UInt16 {
        // Those of a firewall mark are named by whichever protocol knows the service.
        let protocols = transportProtocol.map { [$0] } ?? TransportProtocol.allCases
        for transportProtocol in protocols {
            if let port = servicePort(text, transportProtocol) { return port }
        }
        throw Complaint(
            field: "address", problem: "`\(text)` is no port and no service in /etc/services",
            remedy: "use the output of `ipvsadm -Sn`")
    }

    private static func servicePort(_ name: String, _ transportProtocol: TransportProtocol) -> UInt16? {
        var entry = servent()
        var result: UnsafeMutablePointer<servent>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getservbyname_r(name, transportProtocol.description, &entry, &buffer, buffer.count, &result) == 0,
            let result
        else { return nil }
        // In network byte order, in the low half of an int.
        return UInt16(bigEndian: UInt16(truncatingIfNeeded: result.pointee.s_port))
    }
}
