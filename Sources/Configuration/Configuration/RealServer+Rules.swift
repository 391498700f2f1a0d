import LoadBalancing

extension RealServer {
    /// What the kernel would refuse in a real server of that virtual server, or take and never serve.
    func complaints(under key: VirtualServerKey) -> [Complaint] {
        var complaints = endpoint.address.complaints()
        if endpoint.address.family != key.family, !forwarding.isTunnel {
            complaints.append(
                Complaint(
                    field: "address",
                    problem: "\(endpoint.address) is \(endpoint.address.family), the virtual server \(key.family)",
                    remedy: "use an \(key.family) address, or `forwarding: tunnel`, which alone joins the two"))
        }
        if lowerThreshold > upperThreshold {
            complaints.append(
                Complaint(
                    field: "lowerThreshold",
                    problem: "lowerThreshold \(lowerThreshold) is above upperThreshold \(upperThreshold)",
                    remedy: "write \(upperThreshold) at most, or a higher upperThreshold"))
        }
        return complaints
    }

    /// A port that the forwarding method would not translate to; a firewall mark has no port to compare it with.
    func portComplaint(under key: VirtualServerKey) -> Complaint? {
        guard case .endpoint(_, let virtual) = key, !forwarding.translatesPort, endpoint.port != virtual.port else {
            return nil
        }
        return Complaint(
            field: "address",
            problem: "\(forwarding.name) forwarding keeps port \(virtual.port), not \(endpoint.port)",
            remedy: "write port \(virtual.port) or none, or use `forwarding: masquerade`")
    }
}

extension ForwardingMethod {
    var isTunnel: Bool {
        if case .tunnel = self { return true }
        return false
    }

    /// The word for it in a configuration, which does not read those of methods that are only observed.
    var name: String {
        if case .tunnel = self { return "tunnel" }
        return description
    }
}
