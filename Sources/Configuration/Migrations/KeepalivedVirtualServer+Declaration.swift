import Configuration
import HealthChecks
import LoadBalancing

extension KeepalivedVirtualServer {
    /// The virtual servers that it stands for, each with how it is watched.
    func declarations(_ groups: [String: KeepalivedGroup]) -> [MigratedVirtualServer] {
        members(groups).compactMap { member in
            let key: VirtualServerKey
            switch member {
            case .endpoint(let endpoint): key = .endpoint(transportProtocol ?? .udp, endpoint)
            case .firewallMark(let mark, let family): key = .firewallMark(mark, family ?? self.family ?? ownFamily)
            }
            if case .endpoint = member, transportProtocol == nil {
                findings.note(statement.place, "without protocol, a virtual server is UDP, as keepalived has it")
            }
            return declaration(key)
        }
    }

    private func members(_ groups: [String: KeepalivedGroup]) -> [KeepalivedGroup.Member] {
        switch statement.values.first {
        case "group":
            let name = statement.words.count > 2 ? statement.words[2] : ""
            guard let group = groups[name] else {
                findings.report(
                    statement.place, "there is no virtual_server_group \(name)", "declare it, or check its name")
                return []
            }
            return group.members
        case "fwmark":
            return statement.number(1...UInt32.max, at: 2, findings).map { [.firewallMark($0, nil)] } ?? []
        default:
            guard let address = statement.address(findings), let port = statement.port(at: 2, findings) else {
                return []
            }
            return [.endpoint(Endpoint(address, port: port))]
        }
    }

    /// The family of a firewall mark that nobody names.
    private var ownFamily: AddressFamily {
        let all = servers + [backup].compactMap(\.self)
        let untunnelled = all.first { server in
            if case .tunnel = server.forwarding ?? forwarding { return false }
            return true
        }
        if let untunnelled { return untunnelled.address.family }
        if let mask = granularity?.values.first { return mask.contains(".") ? .ipv4 : .ipv6 }
        return Set(all.map(\.address.family)) == [.ipv6] ? .ipv6 : .ipv4
    }

    private func declaration(_ key: VirtualServerKey) -> MigratedVirtualServer {
        let all = servers.map { realServer($0, key) }
        var rules = HealthRules(onFailure: isInhibited ? .weightZero : .remove)
        rules.checks = servers.first?.checks ?? []
        for (server, realServer) in zip(servers, all) where server.checks != rules.checks {
            rules.own[realServer.endpoint] = server.checks
        }
        if let odd = servers.first(where: { $0.isInhibited ?? isInhibited != isInhibited }) {
            if servers.allSatisfy({ $0.isInhibited ?? isInhibited != isInhibited }) {
                rules.onFailure = isInhibited ? .remove : .weightZero
            } else {
                findings.note(
                    odd.statement.place,
                    "inhibit_on_failure of single real servers does not carry over: onFailure is "
                        + "for all of a virtual server")
            }
        }
        setQuorum(&rules, all)
        rules.startsDown = startsDown
        rules.drainsAtEnd = drainsAtEnd
        rules.backup = backup.flatMap { backup in
            let server = realServer(backup, key)
            guard all.contains(where: { $0.endpoint == server.endpoint }) else { return server }
            findings.note(backup.statement.place, "the sorry_server is a real server too, and no backup in ipvsync")
            return nil
        }
        let isChecked = servers.contains { !$0.checks.isEmpty }
        if !isChecked, backup != nil || isInhibited || quorum > 1 {
            findings.note(
                statement.place,
                "no real server is checked, so sorry_server, quorum and inhibit_on_failure have no "
                    + "effect and are left out")
        }
        return MigratedVirtualServer(
            place: statement.place,
            desired: DesiredVirtualServer(
                virtualServer(key), realServers: all.sorted { $0.endpoint < $1.endpoint }),
            health: isChecked ? rules : nil)
    }

    private func setQuorum(_ rules: inout HealthRules, _ all: [RealServer]) {
        let total = all.reduce(UInt64(0)) { $0 + UInt64($1.weight) }
        var quorum = UInt64(quorum)
        var hysteresis = UInt64(hysteresis)
        if quorum > max(total, 1) {
            findings.note(statement.place, "the quorum \(quorum) is more than all weights, and becomes \(total)")
            quorum = max(total, 1)
        }
        if hysteresis >= quorum, hysteresis > 0 {
            findings.note(
                statement.place, "the hysteresis \(hysteresis) is not below the quorum, and becomes \(quorum - 1)")
            hysteresis = quorum - 1
        }
        if quorum > 1 { rules.quorum = UInt32(min(quorum, UInt64(RealServer.maximumWeight))) }
        rules.hysteresis = UInt32(min(hysteresis, UInt64(RealServer.maximumWeight) - 1))
    }

    private func virtualServer(_ key: VirtualServerKey) -> VirtualServer {
        var virtualServer = VirtualServer(key, scheduler: Scheduler(scheduler), engine: engine)
        for flag in flags {
            if let known = SchedulerFlags(name: flag.keyword, for: scheduler) {
                virtualServer.scheduler.flags.insert(known)
            } else {
                findings.note(flag.place, "\(flag.keyword) has no effect with the scheduler \(scheduler)")
            }
        }
        virtualServer.onePacket = onePacket
        if onePacket, let transportProtocol = key.transportProtocol, transportProtocol != .udp {
            findings.note(statement.place, "ops is only for UDP, and is left out as keepalived does")
            virtualServer.onePacket = false
        }
        var timeout = self.timeout ?? granularity.map { _ in Persistence.defaultTimeout }
        if timeout == nil, case .endpoint(_, let endpoint) = key, endpoint.port == 0 {
            findings.note(statement.place, "without a port it is persistent, as keepalived has it")
            timeout = Persistence.defaultTimeout
        }
        if let timeout {
            virtualServer.persistence = Persistence(timeout: timeout, granularity: granularity(key.family))
        }
        return virtualServer
    }

    private func granularity(_ family: AddressFamily) -> PersistenceGranularity {
        guard let granularity else { return .single(family) }
        let text = granularity.values.first ?? ""
        let value: PersistenceGranularity? =
            switch family {
            case .ipv4: IPAddress(text).flatMap { $0.family == .ipv4 ? .mask($0.v4Value) : nil }
            case .ipv6: Int(text).flatMap { PersistenceGranularity(prefixLength: $0, family: .ipv6) }
            }
        if value == nil {
            findings.report(
                granularity.place, "persistence_granularity is \(granularity.shown(1))",
                family == .ipv4 ? "write a mask such as 255.255.255.0" : "write a number from 1 to 128")
        }
        return value ?? .single(family)
    }

    private func realServer(_ server: Server, _ key: VirtualServerKey) -> RealServer {
        let forwarding = server.forwarding ?? self.forwarding
        var port = server.port
        if !forwarding.translatesPort || port == 0 {
            if port != 0, port != key.port {
                findings.note(
                    server.statement.place, "port \(port) is ignored: direct routing and tunnels keep the port")
            }
            port = key.port
        }
        return RealServer(
            Endpoint(server.address, port: port), forwarding: forwarding,
            weight: server.weight ?? weight, upperThreshold: server.upperThreshold,
            lowerThreshold: server.lowerThreshold)
    }
}
