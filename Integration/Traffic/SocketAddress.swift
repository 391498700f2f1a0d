import Glibc
import LoadBalancing

/// An address of either family with a port, as the socket calls take it.
struct SocketAddress: Sendable {
    /// The address alone: `192.0.2.1`.
    let host: String
    let family: AddressFamily
    private var ipv4 = sockaddr_in()
    private var ipv6 = sockaddr_in6()

    init(_ host: String, port: UInt16) throws(ScenarioFailure) {
        self.host = host
        if inet_pton(AF_INET, host, &ipv4.sin_addr) == 1 {
            family = .ipv4
            ipv4.sin_family = sa_family_t(AF_INET)
        } else if inet_pton(AF_INET6, host, &ipv6.sin6_addr) == 1 {
            family = .ipv6
            ipv6.sin6_family = sa_family_t(AF_INET6)
        } else {
            throw ScenarioFailure("no address: \(host)")
        }
        set(port: port)
    }

    /// The same host with another port.
    func with(port: UInt16) -> SocketAddress {
        var other = self
        other.set(port: port)
        return other
    }

    var domain: Int32 { family == .ipv4 ? AF_INET : AF_INET6 }

    func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        switch family {
        case .ipv4:
            withUnsafePointer(to: ipv4) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .ipv6:
            withUnsafePointer(to: ipv6) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }

    private mutating func set(port: UInt16) {
        ipv4.sin_port = port.bigEndian
        ipv6.sin6_port = port.bigEndian
    }
}
