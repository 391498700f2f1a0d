package import LoadBalancing

/// Virtual servers as rules that `ipvsadm -R` takes, and what it would not take.
package struct IpvsadmExport {
    /// In the order of ipvsadm's manual: by family, address and port, then firewall marks.
    package private(set) var rules = ""
    /// What is left out or written otherwise, one line each.
    package private(set) var notes: [String] = []

    /// ipvsadm reads thresholds as signed numbers.
    private static let maximumThreshold = UInt32(Int32.max)

    package init(_ state: DesiredState) {
        for server in state.virtualServers.sorted(by: { $0.key.comesBefore($1.key) }) { add(server) }
        if state.timeouts != nil { notes.append("timeouts are left out: set them with `ipvsadm --set`") }
        if state.syncDaemons?.isEmpty == false {
            notes.append("synchronisation daemons are left out: start them with `ipvsadm --start-daemon`")
        }
    }

    private mutating func add(_ server: DesiredVirtualServer) {
        guard let service = server.key.ipvsadmOptions else {
            return leaveOut("\(server.key)", "ipvsadm has no option for its protocol")
        }
        if let reason = server.virtualServer.ipvsadmRefusal { return leaveOut("\(server.key)", reason) }
        rules += "-A \(service)\(server.virtualServer.ipvsadmOptions)\n"
        for realServer in server.realServers { add(realServer, service, server.key) }
    }

    private mutating func add(_ server: RealServer, _ service: String, _ key: VirtualServerKey) {
        let object = "\(key) real server \(server.endpoint)"
        guard let forwarding = server.forwarding.ipvsadmOptions else {
            return leaveOut(object, "ipvsadm has no option for its forwarding method \(server.forwarding)")
        }
        guard server.portComplaint(under: key) == nil else {
            return leaveOut(object, "ipvsadm would give it port \(key.port)")
        }
        rules += "-a \(service) -r \(server.endpoint)\(forwarding.method) -w \(server.weight)\(forwarding.tunnel)"
        for (option, threshold) in [("-x", server.upperThreshold), ("-y", server.lowerThreshold)] where threshold > 0 {
            if threshold > Self.maximumThreshold {
                notes.append("\(object): \(option) \(threshold) is written as \(Self.maximumThreshold), ipvsadm's most")
            }
            rules += " \(option) \(min(threshold, Self.maximumThreshold))"
        }
        rules += "\n"
    }

    private mutating func leaveOut(_ object: String, _ reason: String) {
        notes.append("\(object) is left out: \(reason)")
    }
}

extension VirtualServerKey {
    /// The order of ipvsadm's manual.
    fileprivate func comesBefore(_ other: Self) -> Bool {
        guard case .endpoint(let left, _) = self, case .endpoint(let right, _) = other else { return self < other }
        if family != other.family { return family < other.family }
        return left == right ? self < other : left < right
    }

    fileprivate var ipvsadmOptions: String? {
        switch self {
        case .endpoint(.tcp, let endpoint): "-t \(endpoint)"
        case .endpoint(.udp, let endpoint): "-u \(endpoint)"
        case .endpoint(.sctp, let endpoint): "--sctp-service \(endpoint)"
        case .firewallMark(let mark, .ipv4): "-f \(mark)"
        case .firewallMark(let mark, .ipv6): "-f \(mark) -6"
        case .otherProtocol: nil
        }
    }
}

extension VirtualServer {
    /// Why `ipvsadm -R` would not take it, as the kernel does.
    fileprivate var ipvsadmRefusal: String? {
        guard Fields.isKernelName(scheduler.name, Scheduler.maximumNameLength) else {
            return "ipvsadm cannot read the name of its scheduler"
        }
        guard engine.map({ Fields.isKernelName($0, Self.maximumEngineLength) }) ?? true else {
            return "ipvsadm cannot read the name of its persistence engine"
        }
        if let persistence, !(1...Persistence.maximumTimeout).contains(persistence.timeout) {
            return "ipvsadm takes no persistence of \(persistence.timeout) seconds"
        }
        if let complaint = kernelComplaint() { return complaint.problem }
        guard case .endpoint(let transportProtocol, _) = key, onePacket, transportProtocol != .udp else { return nil }
        return "ipvsadm takes one-packet scheduling only for UDP"
    }

    fileprivate var ipvsadmOptions: String {
        var text = " -s \(scheduler.name)"
        if let persistence {
            text += " -p \(persistence.timeout)"
            if persistence.granularity != .single(key.family) { text += " -M \(persistence.granularity)" }
        }
        if let engine { text += " --pe \(engine)" }
        if onePacket { text += " -o" }
        let flags = scheduler.flags.names(for: scheduler.name)
        if !flags.isEmpty { text += " -b \(flags.joined(separator: ","))" }
        return text
    }
}

extension ForwardingMethod {
    /// The method and what follows the weight; `nil` for what is only observed.
    fileprivate var ipvsadmOptions: (method: String, tunnel: String)? {
        switch self {
        case .masquerade: return (" -m", "")
        case .direct: return (" -g", "")
        case .tunnel(let tunnel):
            guard let type = tunnel.type else { return nil }
            var text = " --tun-type \(type.rawValue)"
            if case .gue(let port, _) = tunnel { text += " --tun-port \(port)" }
            if let checksum = tunnel.checksum { text += " --tun-\(checksum)" }
            // The kernel keeps it, and looks at it only for GUE.
            if case .gre(.remote) = tunnel { return nil }
            return (" -i", text)
        case .local, .bypass, .other: return nil
        }
    }
}
