import LoadBalancing

extension VirtualServer {
    /// What the kernel would refuse, or take and never serve.
    func complaints() -> [Complaint] {
        guard case .endpoint(let transportProtocol, let endpoint) = key else { return [] }
        var complaints = endpoint.address.complaints()
        if let complaint = kernelComplaint() { complaints.append(complaint) }
        if onePacket, transportProtocol != .udp {
            complaints.append(
                Complaint(
                    field: "onePacket", problem: "one-packet scheduling is not for \(transportProtocol)",
                    remedy: "use it with udp or a firewall mark"))
        }
        return complaints
    }

    /// What the kernel itself would refuse.
    func kernelComplaint() -> Complaint? {
        guard case .endpoint(_, let endpoint) = key, endpoint.port == 0, persistence == nil else { return nil }
        return Complaint(
            field: "address", problem: "zero port needs persistence",
            remedy: "write a port, or `persistence: 5m` to serve every port")
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
