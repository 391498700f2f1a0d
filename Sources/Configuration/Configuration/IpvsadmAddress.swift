import Glibc
import LoadBalancing

/// An address with or without a port, as `ipvsadm -R` reads it: the port may be the name of a service.
///
/// An IPv6 address without brackets is taken whole. IPv4 addresses have all forms of `inet_aton`. Names of hosts are
/// refused, for what they stand for can change.
enum IpvsadmAddress {
    static func parse(
        _ text: String, _ transportProtocol: TransportProtocol?
    ) throws(Complaint) -> (address: IPAddress, port: UInt16?) {
        if let endpoint = Endpoint(text) { return (endpoint.address, endpoint.port) }
        if let address = IPAddress(text), address.family == .ipv6 { return (address, nil) }
        var host = text[...]
        var portName: Substring?
        if let colon = text.lastIndex(of: ":"), text.first != "[" || text[..<colon].last == "]" {
            host = text[..<colon]
            portName = text[colon...].dropFirst()
        }
        guard let address = address(host) else {
            throw Complaint(field: "address", problem: "`\(host)` is no numeric address", remedy: remedy(text))
        }
        guard let portName else { return (address, nil) }
        return (address, try port(String(portName), transportProtocol))
    }

    /// An IPv6 address in brackets, or an IPv4 address in any form; `nil` for a name.
    private static func address(_ host: Substring) -> IPAddress? {
        if host.first == "[", host.last == "]" {
            return IPAddress(host.dropFirst().dropLast()).flatMap { $0.family == .ipv6 ? $0 : nil }
        }
        // ipvsadm takes nothing but digits for no address.
        guard !host.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
        return mask(String(host)).map { IPAddress(v4: $0) }
    }

    /// An IPv4 address or mask in any form of `inet_aton`: `24` is 0.0.0.24, and `010.1` is 8.0.0.1.
    static func mask(_ text: String) -> UInt32? {
        var address = in_addr()
        guard !text.utf8.contains(0), inet_aton(text, &address) != 0 else { return nil }
        return UInt32(bigEndian: address.s_addr)
    }

    private static func remedy(_ text: String) -> String {
        text.contains("$")
            ? "a variable of a script has no value here: run the script, then `ipvsync import` on its node"
            : "write the address as a number: `ipvsadm -Sn` does"
    }

    private static func port(_ text: String, _ transportProtocol: TransportProtocol?) throws(Complaint) -> UInt16 {
        if let port = UInt16(text) { return port }
        // Those of a firewall mark are named by whichever protocol knows the service.
        let protocols = transportProtocol.map { [$0] } ?? TransportProtocol.allCases
        for transportProtocol in protocols {
            if let port = servicePort(text, transportProtocol) { return port }
        }
        throw Complaint(
            field: "address", problem: "`\(text)` is no port and no service in /etc/services", remedy: remedy(text))
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
