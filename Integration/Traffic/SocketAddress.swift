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

    /// What a socket call has filled in; fails for other families than these two.
    init(_ storage: sockaddr_storage) throws(ScenarioFailure) {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let (host, port) = withUnsafePointer(to: storage) { pointer -> (UnsafePointer<CChar>?, in_port_t) in
            let isIPv4 = Int32(storage.ss_family) == AF_INET
            return UnsafeRawPointer(pointer).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { ipv6 in
                guard isIPv4 else {
                    var address = ipv6.pointee.sin6_addr
                    return (inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)), ipv6.pointee.sin6_port)
                }
                return UnsafeRawPointer(ipv6).withMemoryRebound(to: sockaddr_in.self, capacity: 1) { ipv4 in
                    var address = ipv4.pointee.sin_addr
                    return (inet_ntop(AF_INET, &address, &text, socklen_t(text.count)), ipv4.pointee.sin_port)
                }
            }
        }
        guard let host else { throw SystemCall.failure("inet_ntop") }
        try self.init(String(cString: host), port: in_port_t(bigEndian: port))
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
