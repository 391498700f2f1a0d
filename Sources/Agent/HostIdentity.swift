internal import Glibc
package import LoadBalancing

/// What this machine calls itself.
package enum HostIdentity {
    /// Devices that carry virtual addresses, which are nobody's own.
    private static let virtualDevices: Set<String> = ["ipvsync0", "kube-ipvs0"]

    /// Addresses that mean another machine, or none, elsewhere. Others count on any device, the loopback one too.
    private static let localNetworks = ["127.0.0.0/8", "::1/128", "fe80::/10"].compactMap { IPPrefix($0) }

    /// The name under which a kubelet registers unless told otherwise: the host name in lower case.
    package static var nodeName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
    }

    /// The addresses that others can reach: no loopback, no IPv6 link-local, no virtual ones. Sorted.
    ///
    /// - Parameter device: A further device that carries virtual addresses.
    package static func addresses(except device: String? = nil) -> [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: Set<IPAddress> = []
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            let name = String(cString: entry.pointee.ifa_name)
            guard !virtualDevices.contains(name), name != device,
                let address = entry.pointee.ifa_addr.flatMap(address)
            else { continue }
            if !localNetworks.contains(where: { $0.contains(address) }) { found.insert(address) }
        }
        return found.sorted()
    }

    private static func address(_ pointer: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        guard [sa_family_t(AF_INET), sa_family_t(AF_INET6)].contains(pointer.pointee.sa_family) else { return nil }
        let length =
            pointer.pointee.sa_family == sa_family_t(AF_INET)
            ? MemoryLayout<sockaddr_in>.size
            : MemoryLayout<sockaddr_in6>.size
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(pointer, socklen_t(length), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        return IPAddress(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
