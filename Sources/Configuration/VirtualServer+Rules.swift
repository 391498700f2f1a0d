import LoadBalancing

extension VirtualServer {
    /// What the kernel would refuse, or take and never serve.
    func complaints() -> [Complaint] {
        guard case .endpoint(let transportProtocol, let endpoint) = key else { return [] }
        var complaints = endpoint.address.complaints()
        if endpoint.port == 0, persistence == nil {
            complaints.append(
                Complaint(
                    field: "address", problem: "zero port needs persistence",
                    remedy: "write a port, or `persistence: 5m` to serve every port"))
        }
        if onePacket, transportProtocol != .udp {
            complaints.append(
                Complaint(
                    field: "onePacket", problem: "one-packet scheduling is not for \(transportProtocol)",
                    remedy: "use it with udp or a firewall mark"))
        }
        return complaints
    }
}

extension IPAddress {
    func complaints() -> [Complaint] {
        switch special {
        case .unspecified?, .multicast?, .broadcast?:
            [
                Complaint(
                    field: "address", problem: "\(self) is \(special?.rawValue ?? "")",
                    remedy: "write a unicast address")
            ]
        // Directors of IPVS serve themselves by these, and who writes a configuration may.
        case .loopback?, .linkLocal?, .mapped?, nil: []
        }
    }
}
