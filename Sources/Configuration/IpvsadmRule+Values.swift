import LoadBalancing

extension IpvsadmRule {
    /// The virtual server that the line names.
    func key() throws(Complaint) -> VirtualServerKey {
        let options: [IpvsadmOption] = [.tcpService, .udpService, .sctpService, .fwmarkService]
        guard let option = try only(of: options), let text = self[option] else {
            throw Complaint(
                field: "", problem: "no virtual server", remedy: "write one of \(options.map(\.name).alternatives)")
        }
        guard option != .fwmarkService else {
            return .firewallMark(try number(option, 1...UInt32.max) ?? 0, has(.ipv6) ? .ipv6 : .ipv4)
        }
        guard !has(.ipv6) else { throw Complaint(field: "-6", problem: "-6 is only for -f", remedy: "leave it out") }
        let transportProtocol: TransportProtocol =
            switch option {
            case .udpService: .udp
            case .sctpService: .sctp
            default: .tcp
            }
        let (address, port) = try IpvsadmAddress.parse(text, transportProtocol)
        return .endpoint(transportProtocol, Endpoint(address, port: port ?? 0))
    }

    /// The virtual server that an `-A` line adds.
    func virtualServer() throws(Complaint) -> VirtualServer {
        let key = try key()
        if let option = IpvsadmOption.ofRealServers.first(where: has) {
            throw Complaint(field: option.name, problem: "\(option.name) is not for -A", remedy: "use it with -a")
        }
        var scheduler = Scheduler(self[.scheduler] ?? "wlc")
        guard Fields.isKernelName(scheduler.name, Scheduler.maximumNameLength) else {
            throw Complaint(
                field: "-s", problem: "`\(scheduler.name)` is no name of a scheduler",
                remedy: "write at most \(Scheduler.maximumNameLength) bytes")
        }
        for name in (self[.schedulerFlags] ?? "").split(separator: ",") {
            guard let flag = SchedulerFlags(name: String(name), for: scheduler.name) else {
                throw Complaint(
                    field: "-b", problem: "`\(name)` is no flag of the scheduler \(scheduler.name)",
                    remedy: "use \(SchedulerFlags.allNames(for: scheduler.name).alternatives)")
            }
            scheduler.flags.insert(flag)
        }
        return VirtualServer(
            key, scheduler: scheduler, persistence: try persistence(key.family), onePacket: has(.onePacket))
    }

    private func persistence(_ family: AddressFamily) throws(Complaint) -> Persistence? {
        guard let timeout = self[.persistent] else {
            guard let option = [IpvsadmOption.netmask, .persistenceEngine].first(where: has) else { return nil }
            throw Complaint(field: option.name, problem: "\(option.name) without -p", remedy: "add -p")
        }
        let seconds =
            timeout.isEmpty
            ? Persistence.defaultTimeout : try number(.persistent, 1...Persistence.maximumTimeout)
        let engine = self[.persistenceEngine]
        if let engine, !Fields.isKernelName(engine, Persistence.maximumEngineLength) {
            throw Complaint(
                field: "--pe", problem: "`\(engine)` is no name of a persistence engine",
                remedy: "write at most \(Persistence.maximumEngineLength) bytes")
        }
        return Persistence(timeout: seconds ?? 0, granularity: try granularity(family), engine: engine)
    }

    private func granularity(_ family: AddressFamily) throws(Complaint) -> PersistenceGranularity {
        guard let text = self[.netmask] else { return .single(family) }
        switch family {
        case .ipv4:
            if let mask = IPAddress(text), mask.family == .ipv4 { return .mask(mask.v4Value) }
            throw Complaint(field: "-M", problem: "`\(text)` is no mask", remedy: "write one such as 255.255.255.0")
        case .ipv6:
            return .prefix(try number(.netmask, 1...128) ?? 0)
        }
    }

    /// The value of an option as a number in a range; `nil` without the option.
    func number(_ option: IpvsadmOption, _ range: ClosedRange<UInt32>) throws(Complaint) -> UInt32? {
        guard let text = self[option] else { return nil }
        guard text.first != "+", let value = UInt32(text), range ~= value else {
            throw Complaint(
                field: option.name, problem: "\(option.name) is `\(text)`",
                remedy: "write an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
