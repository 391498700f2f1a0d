import LoadBalancing

extension DesiredVirtualServer {
    /// Its lines in a dump.
    var ipvsadmRules: String {
        let service = key.ipvsadmOptions
        var text = "-A \(service)\(virtualServer.ipvsadmOptions)\n"
        for server in realServers { text += "-a \(service) -r \(server.endpoint)\(server.ipvsadmOptions)\n" }
        return text
    }
}

extension VirtualServerKey {
    /// The order of ipvsadm's manual.
    func comesBefore(_ other: Self) -> Bool {
        guard case .endpoint(let left, _) = self, case .endpoint(let right, _) = other else { return self < other }
        if family != other.family { return family < other.family }
        return left == right ? self < other : left < right
    }

    fileprivate var ipvsadmOptions: String {
        switch self {
        case .endpoint(.tcp, let endpoint): "-t \(endpoint)"
        case .endpoint(.udp, let endpoint): "-u \(endpoint)"
        case .endpoint(.sctp, let endpoint): "--sctp-service \(endpoint)"
        case .firewallMark(let mark, .ipv4): "-f \(mark)"
        case .firewallMark(let mark, .ipv6): "-f \(mark) -6"
        }
    }
}

extension VirtualServer {
    fileprivate var ipvsadmOptions: String {
        var text = " -s \(scheduler.name)"
        if let persistence {
            text += " -p \(persistence.timeout)"
            if persistence.granularity != .single(key.family) { text += " -M \(persistence.granularity)" }
            if let engine = persistence.engine { text += " --pe \(engine)" }
        }
        if onePacket { text += " -o" }
        let flags = scheduler.flags.names(for: scheduler.name)
        if !flags.isEmpty { text += " -b \(flags.joined(separator: ","))" }
        return text
    }
}

extension RealServer {
    fileprivate var ipvsadmOptions: String {
        var text =
            switch forwarding {
            case .masquerade: " -m"
            case .direct, .local, .bypass: " -g"
            case .tunnel: " -i"
            }
        text += " -w \(weight)"
        if case .tunnel(let tunnel) = forwarding {
            text += " --tun-type \(tunnel.type.rawValue)"
            if case .gue(let port, _) = tunnel { text += " --tun-port \(port)" }
            if let checksum = tunnel.checksum { text += " --tun-\(checksum)" }
        }
        if upperThreshold > 0 { text += " -x \(upperThreshold)" }
        if lowerThreshold > 0 { text += " -y \(lowerThreshold)" }
        return text
    }
}
