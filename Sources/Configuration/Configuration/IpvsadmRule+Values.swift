import LoadBalancing

extension IpvsadmRule {
    /// The virtual server that the line names.
    func key() throws(Complaint) -> VirtualServerKey {
        let options: [IpvsadmOption] = [.tcpService, .udpService, .sctpService, .fwmarkService]
        guard let option = try only(of: options), let text = self[option] else {
            throw Complaint(
                field: "", problem: "no virtual server", remedy: "write one of \(options.map(\.name).alternatives)")
        }
        guard option != .fwmarkService else { return .firewallMark(try mark(text), has(.ipv6) ? .ipv6 : .ipv4) }
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

    /// A mark; one of 2³¹ and above is negative where `ipvsadm -S` up to 1.31 writes it.
    private func mark(_ text: String) throws(Complaint) -> UInt32 {
        if let mark = UInt32(text), mark > 0 { return mark }
        if let negative = Int32(text), negative < 0 { return UInt32(bitPattern: negative) }
        throw Complaint(
            field: "-f", problem: "-f is `\(text)`", remedy: "write an integer from 1 to \(UInt32.max)")
    }

    /// The virtual server that an `-A` line adds, or that an `-E` line makes of it.
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
        scheduler.flags = try flags(of: scheduler.name)
        return VirtualServer(
            key, scheduler: scheduler, persistence: try persistence(key.family), engine: try engine(),
            onePacket: has(.onePacket))
    }

    private func flags(of scheduler: String) throws(Complaint) -> SchedulerFlags {
        guard let text = self[.schedulerFlags] else { return [] }
        if text.isEmpty {
            // `ipvsadm -S` has no name for the third flag of these two, and writes a bare -b for it alone.
            guard scheduler == "sh" || scheduler == "mh" else {
                throw Complaint(field: "-b", problem: "-b has no value", remedy: "write one behind it")
            }
            return .flag3
        }
        var flags: SchedulerFlags = []
        for name in text.split(separator: ",") {
            guard let flag = SchedulerFlags(name: String(name), for: scheduler) else {
                throw Complaint(
                    field: "-b", problem: "`\(name)` is no flag of the scheduler \(scheduler)",
                    remedy: "use \(SchedulerFlags.allNames(for: scheduler).alternatives)")
            }
            flags.insert(flag)
        }
        return flags
    }

    private func engine() throws(Complaint) -> String? {
        guard let engine = self[.persistenceEngine] else { return nil }
        guard Fields.isKernelName(engine, VirtualServer.maximumEngineLength) else {
            throw Complaint(
                field: "--pe", problem: "`\(engine)` is no name of a persistence engine",
                remedy: "write at most \(VirtualServer.maximumEngineLength) bytes")
        }
        return engine
    }

    /// Any timeout that a dump can hold: whether it can be declared is seen later.
    private func persistence(_ family: AddressFamily) throws(Complaint) -> Persistence? {
        let granularity = try granularity(family)
        guard let timeout = self[.persistent] else { return nil }
        let seconds = timeout.isEmpty ? Persistence.defaultTimeout : try number(.persistent, 0...UInt32.max)
        return Persistence(timeout: seconds ?? 0, granularity: granularity)
    }

    /// What `-M` says; the option that makes a virtual server one of IPv6 forgets what stands before it.
    private func granularity(_ family: AddressFamily) throws(Complaint) -> PersistenceGranularity {
        guard let text = self[.netmask] else { return .single(family) }
        if family == .ipv4 || has(.netmask, before: [.tcpService, .udpService, .sctpService, .ipv6]) {
            guard let mask = IpvsadmAddress.mask(text) else {
                throw Complaint(
                    field: "-M", problem: "`\(text)` is no mask", remedy: "write one such as 255.255.255.0")
            }
            return family == .ipv4 ? .mask(mask) : .single(family)
        }
        return .prefix(try number(.netmask, 1...128) ?? 0)
    }

    /// The value of an option as a number in a range; `nil` without the option.
    func number(_ option: IpvsadmOption, _ range: ClosedRange<UInt32>) throws(Complaint) -> UInt32? {
        try self[option].map { text throws(Complaint) in try Self.number(text, range, of: option) }
    }

    /// A decimal number, with leading zeros or a sign, as `strtol` takes it.
    static func number(
        _ text: String, _ range: ClosedRange<UInt32>, of option: IpvsadmOption
    ) throws(Complaint) -> UInt32 {
        guard let value = UInt32(text), range ~= value else {
            throw Complaint(
                field: option.name, problem: "\(option.name) is `\(text)`",
                remedy: "write an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}

// MARK: - What is not a virtual server

extension IpvsadmRule {
    /// What `--set` sets; 0 leaves a timeout alone.
    func timeouts() throws(Complaint) -> ConnectionTimeouts {
        var values: [UInt32] = []
        for text in arguments {
            values.append(try Self.number(text, 0...Persistence.maximumTimeout, of: .set))
        }
        guard values.count == 3 else {
            throw Complaint(
                field: "--set", problem: "--set has \(values.count) of its values",
                remedy: "write three: tcp, tcpfin and udp, in seconds")
        }
        let set = values.map { $0 == 0 ? nil : $0 }
        return ConnectionTimeouts(tcp: set[0], tcpFin: set[1], udp: set[2])
    }

    /// The role that `--start-daemon` or `--stop-daemon` names.
    func role(_ option: IpvsadmOption) throws(Complaint) -> SyncDaemon.Role {
        let text = self[option] ?? ""
        guard let role = SyncDaemon.Role.allCases.first(where: { $0.description == text }) else {
            throw Complaint(
                field: option.name, problem: "`\(text)` is no role of a daemon", remedy: "write master or backup")
        }
        return role
    }

    /// The daemon that `--start-daemon` starts; its interface is eth0 unless the line says otherwise.
    func syncDaemon() throws(Complaint) -> SyncDaemon {
        let group = try self[.daemonGroup].map { text throws(Complaint) in
            guard let address = IPAddress(text), address.isMulticast else {
                throw Complaint(
                    field: "--mcast-group", problem: "`\(text)` is no multicast address",
                    remedy: "write one such as 224.0.0.81")
            }
            return address
        }
        return SyncDaemon(
            role: try role(.startDaemon), interface: self[.daemonInterface] ?? "eth0",
            syncID: try number(.syncID, 0...255) ?? 0,
            maximumLength: try number(.daemonLength, 1...65507).map { UInt16($0) }, group: group,
            port: try number(.daemonPort, 1...65535).map { UInt16($0) },
            timeToLive: try number(.daemonTimeToLive, 1...255).map { UInt8($0) })
    }
}
