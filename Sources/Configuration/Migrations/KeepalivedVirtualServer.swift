import Configuration
import HealthChecks
import LoadBalancing

/// A `virtual_server` block: what it says, before it is known which addresses it stands for.
struct KeepalivedVirtualServer {
    private struct Server {
        let statement: KeepalivedStatement
        let address: IPAddress
        let port: UInt16
        var forwarding: ForwardingMethod?
        var weight: UInt32?
        var upperThreshold: UInt32 = 0
        var lowerThreshold: UInt32 = 0
        var isInhibited: Bool?
        var checks: [ServerCheck] = []
    }

    private let statement: KeepalivedStatement
    private let globals: KeepalivedGlobals
    private let findings: Findings
    private var timing = KeepalivedTiming()
    private var family: AddressFamily?
    private var scheduler = "wlc"
    private var flags: [KeepalivedStatement] = []
    private var onePacket = false
    private var forwarding = ForwardingMethod.masquerade
    private var timeout: UInt32?
    private var granularity: KeepalivedStatement?
    private var engine: String?
    private var transportProtocol: TransportProtocol?
    private var weight: UInt32 = 1
    private var quorum: UInt32 = 1
    private var hysteresis: UInt32 = 0
    private var isInhibited = false
    private var startsDown = false
    private var drainsAtEnd = false
    private var servers: [Server] = []
    private var backup: Server?

    init(_ statement: KeepalivedStatement, _ globals: KeepalivedGlobals, _ findings: Findings) {
        self.statement = statement
        self.globals = globals
        self.findings = findings
        // A virtual server's settings hold for its real servers wherever they stand.
        let isServer = { (inner: KeepalivedStatement) in inner.keyword == "real_server" }
        statement.statements.filter { !isServer($0) }.forEach { read($0) }
        statement.statements.filter(isServer).forEach { readServer($0) }
        if servers.isEmpty {
            findings.report(statement.place, "the virtual server has no real servers", "write real_server, or leave it out")
        }
    }

    private mutating func read(_ inner: KeepalivedStatement) {
        guard !timing.take(inner, findings) else { return }
        switch inner.keyword {
        case "lb_algo", "lvs_sched":
            scheduler = inner.values.first ?? ""
            if !Scheduler.knownNames.contains(scheduler) {
                findings.report(
                    inner.place, "\(inner.keyword) is \(inner.shown(1))",
                    "write one of \(Scheduler.knownNames.joined(separator: ", "))")
            }
        case "lb_kind", "lvs_method": forwarding = inner.forwarding(findings) ?? forwarding
        case "sh-port", "sh-fallback", "mh-port", "mh-fallback", "flag-1", "flag-2", "flag-3": flags.append(inner)
        case "hashed": findings.note(inner.place, "hashed has no effect in keepalived, and is left out")
        case "ops": onePacket = true
        case "persistence_timeout":
            timeout =
                inner.words.count == 1
                ? Persistence.defaultTimeout : inner.number(1...Persistence.maximumTimeout, findings)
        case "persistence_granularity": granularity = inner
        case "persistence_engine": engine = inner.values.first
        case "protocol":
            transportProtocol = inner.values.first.flatMap { TransportProtocol(name: $0) }
            if transportProtocol == nil {
                findings.report(inner.place, "protocol is \(inner.shown(1))", "write TCP, UDP or SCTP")
            }
        case "ip_family":
            family = inner.values.first.flatMap { AddressFamily(keepalived: $0) }
            if family == nil { findings.report(inner.place, "ip_family is \(inner.shown(1))", "write inet or inet6") }
        case "weight": weight = inner.number(1...65_535, findings) ?? weight
        case "quorum": quorum = inner.number(1...UInt32.max, findings) ?? quorum
        case "hysteresis": hysteresis = inner.number(0...UInt32.max, findings) ?? hysteresis
        case "inhibit_on_failure": isInhibited = true
        case "alpha": startsDown = true
        case "omega": drainsAtEnd = true
        case "sorry_server":
            backup = server(inner)
        case "sorry_server_lvs_method": backup?.forwarding = inner.forwarding(findings)
        default: Self.note(inner, "virtual_server", findings)
        }
    }

    private mutating func readServer(_ statement: KeepalivedStatement) {
        guard var server = server(statement) else { return }
        var timing = timing
        let inner = statement.statements.filter { !timing.take($0, findings) }
        for inner in inner where !KeepalivedChecker.keywords.contains(inner.keyword) {
            switch inner.keyword {
            case "weight": server.weight = inner.number(0...65_535, findings)
            case "lvs_method", "lb_kind": server.forwarding = inner.forwarding(findings)
            case "uthreshold": server.upperThreshold = inner.number(0...UInt32.max, findings) ?? 0
            case "lthreshold": server.lowerThreshold = inner.number(0...UInt32.max, findings) ?? 0
            case "inhibit_on_failure": server.isInhibited = inner.flag(findings)
            default: Self.note(inner, "real_server", findings)
            }
        }
        for inner in inner where KeepalivedChecker.keywords.contains(inner.keyword) {
            var checker = KeepalivedChecker(inner, timing, globals, findings)
            server.checks += checker.checks()
        }
        if servers.contains(where: { $0.address == server.address && $0.port == server.port }) {
            findings.note(statement.place, "a real server stands twice: keepalived takes the first, and so does this")
        } else {
            servers.append(server)
        }
    }

    private func server(_ statement: KeepalivedStatement) -> Server? {
        guard let address = statement.address(findings), let port = statement.port(at: 2, findings) else { return nil }
        return Server(statement: statement, address: address, port: port)
    }

    private static let remarks: [String: String] = [
        "ha_suspend": "ipvsync checks whether or not the address is on this node",
        "quorum_up": "ipvsync runs no hooks; `ipvsync watch`, the log and the metrics tell of it",
        "quorum_down": "ipvsync runs no hooks; `ipvsync watch`, the log and the metrics tell of it",
        "notify_up": "ipvsync runs no hooks; `ipvsync watch`, the log and the metrics tell of it",
        "notify_down": "ipvsync runs no hooks; `ipvsync watch`, the log and the metrics tell of it",
        "smtp_alert": "ipvsync sends no mail; alert on its metrics",
        "alpha": "startsDown is for all real servers of a virtual server",
        "sorry_server_inhibit": "the backup is taken out while it is not needed",
    ]

    private static func note(_ inner: KeepalivedStatement, _ block: String, _ findings: Findings) {
        let remark = remarks[inner.keyword].map { ": \($0)" } ?? ""
        findings.note(inner.place, "\(inner.keyword) of \(block) does not carry over\(remark)")
    }
}

// MARK: - What it declares

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
                    odd.statement.place, "inhibit_on_failure of single real servers does not carry over: onFailure is "
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
                statement.place, "no real server is checked, so sorry_server, quorum and inhibit_on_failure have no "
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
            findings.note(statement.place, "the hysteresis \(hysteresis) is not below the quorum, and becomes \(quorum - 1)")
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
