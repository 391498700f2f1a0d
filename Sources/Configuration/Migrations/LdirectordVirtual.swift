import Configuration
import HealthChecks
import LoadBalancing

/// A `virtual` of ldirectord.cf with what stands below it.
struct LdirectordVirtual {
    private struct Server {
        let directive: LdirectordDirective
        let server: RealServer
        let request: String?
        let receive: String?
    }

    private let head: LdirectordDirective
    private let family: AddressFamily
    private let findings: Findings
    private var key: VirtualServerKey
    private var options: LdirectordOptions
    private var checker: LdirectordChecker
    private var scheduler = "wrr"
    private var flags: [String] = []
    private var timeout: UInt32?
    private var netmask: LdirectordDirective?
    private var onePacket = false
    private var servers: [Server] = []

    /// `nil` after a report of an address that is wrong.
    init?(_ section: LdirectordSection, _ options: LdirectordOptions, _ findings: Findings) {
        guard let head = section.head else { return nil }
        let family: AddressFamily = head.name == "virtual6" ? .ipv6 : .ipv4
        if let mark = UInt32(head.value), mark > 0 {
            key = .firewallMark(mark, family)
        } else if let endpoint = Endpoint(head.value), endpoint.address.family == family {
            key = .endpoint(endpoint.port == 53 ? .udp : .tcp, endpoint)
        } else {
            findings.report(
                head.place, "\(head.name) is \"\(head.value)\"",
                "write \(family == .ipv4 ? "192.0.2.1:80" : "[2001:db8::1]:80") with numbers, or a firewall mark")
            return nil
        }
        self.head = head
        self.family = family
        self.options = options
        self.findings = findings
        checker = LdirectordChecker(service: key.transportProtocol == nil ? "none" : Self.services[key.port] ?? "none")
        let isServer = { (directive: LdirectordDirective) in directive.name == "real" || directive.name == "real6" }
        section.directives.filter { !isServer($0) }.forEach { read($0) }
        section.directives.filter(isServer).forEach { readServers($0) }
    }

    private static let services: [UInt16: String] = [
        21: "ftp", 25: "smtp", 53: "dns", 80: "http", 110: "pop", 119: "nntp", 143: "imap", 389: "ldap", 443: "https",
        587: "submission", 636: "ldaps", 993: "imaps", 995: "pops", 1521: "oracle", 1812: "radius",
        3128: "http_proxy", 3306: "mysql", 5432: "pgsql", 5060: "sip",
    ]

    private mutating func read(_ directive: LdirectordDirective) {
        guard !options.take(directive, findings), !checker.take(directive, findings) else { return }
        switch directive.name {
        case "scheduler": scheduler = directive.value
        case "schedflags": flags = directive.value.split(separator: ",").map(String.init)
        case "persistent": timeout = directive.number(1...Persistence.maximumTimeout, findings)
        case "netmask": netmask = directive
        case "ops": onePacket = directive.flag(findings) ?? false
        case "protocol": readProtocol(directive)
        default:
            findings.report(
                directive.place, "there is no directive \(directive.name)", "check its name, or leave it out")
        }
    }

    private mutating func readProtocol(_ directive: LdirectordDirective) {
        switch (directive.value, key) {
        case ("tcp", .endpoint(_, let endpoint)): key = .endpoint(.tcp, endpoint)
        case ("udp", .endpoint(_, let endpoint)): key = .endpoint(.udp, endpoint)
        case ("fwm", .firewallMark): break
        default:
            findings.report(
                directive.place, "protocol is \"\(directive.value)\"", "write tcp or udp, fwm for a firewall mark")
        }
    }
}

// MARK: - Real servers

extension LdirectordVirtual {
    /// More addresses than this are a range that was not meant.
    private static let maximumRange = 1000

    /// `ADDRESS[->ADDRESS][:PORT] gate|masq|ipip [WEIGHT] ["REQUEST", "RECEIVE"] [l:N] [u:N]`
    private mutating func readServers(_ directive: LdirectordDirective) {
        let quoted = directive.text.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
        let texts = quoted.enumerated().compactMap { $0.offset.isMultiple(of: 2) ? nil : $0.element }
        var words = quoted.enumerated().filter { $0.offset.isMultiple(of: 2) }.flatMap { part in
            part.element.split { $0 == " " || $0 == "\t" || $0 == "," }
        }[...]
        guard let (addresses, port) = words.popFirst().flatMap({ self.addresses(String($0)) }) else {
            findings.report(
                directive.place, "\(directive.name) is \"\(directive.text)\"",
                "write 192.0.2.1:80, or 192.0.2.1->192.0.2.9:80 with at most \(Self.maximumRange) addresses")
            return
        }
        guard let forwarding = words.popFirst().flatMap({ Self.forwarding($0) }) else {
            findings.report(directive.place, "it does not say how it is reached", "write gate, masq or ipip")
            return
        }
        var server = RealServer(Endpoint(addresses.first, port: 0), forwarding: forwarding)
        for word in words {
            if let weight = UInt32(word), word.first != "+" {
                server.weight = weight
            } else if word.hasPrefix("l:"), let number = UInt32(word.dropFirst(2)) {
                server.lowerThreshold = number
            } else if word.hasPrefix("u:"), let number = UInt32(word.dropFirst(2)) {
                server.upperThreshold = number
            } else {
                findings.report(directive.place, "\(word) means nothing after a real server", "leave it out")
            }
        }
        guard texts.count == 0 || texts.count == 2, quoted.count % 2 == 1 else {
            findings.report(
                directive.place, "a real server has a request and what to receive", "write \"/path\", \"text\"")
            return
        }
        var address = addresses.first
        while true {
            servers.append(
                Server(
                    directive: directive, server: server.moved(to: endpoint(address, port, forwarding)),
                    request: texts.first, receive: texts.last))
            guard address != addresses.last, let next = address.next else { return }
            address = next
        }
    }

    private func addresses(_ text: String) -> (addresses: (first: IPAddress, last: IPAddress), port: UInt16)? {
        guard let arrow = text.firstRange(of: "->") else {
            if let endpoint = Endpoint(text) { return ((endpoint.address, endpoint.address), endpoint.port) }
            let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
            return IPAddress(bare).map { (($0, $0), 0) }
        }
        let end = text[arrow.upperBound...]
        guard let first = IPAddress(text[..<arrow.lowerBound]), first.family == .ipv4 else { return nil }
        let port = Endpoint(end)?.port ?? 0
        guard let last = Endpoint(end)?.address ?? IPAddress(end), last.family == .ipv4, first <= last,
            Int(last.v4Value - first.v4Value) < Self.maximumRange
        else { return nil }
        return ((first, last), port)
    }

    private static func forwarding(_ word: some StringProtocol) -> ForwardingMethod? {
        switch word {
        case "gate": .direct
        case "masq": .masquerade
        case "ipip": .tunnel(.ipip)
        default: nil
        }
    }

    /// Where it is reached: only masquerading has a port of its own.
    private func endpoint(_ address: IPAddress, _ port: UInt16, _ forwarding: ForwardingMethod) -> Endpoint {
        Endpoint(address, port: forwarding.translatesPort && port != 0 ? port : key.port)
    }

    private func backup() -> RealServer? {
        guard let directive = family == .ipv4 ? options.fallback : options.fallback6 else { return nil }
        let words = directive.value.split { $0 == " " || $0 == "\t" }
        let forwarding = words.count > 1 ? Self.forwarding(words[1]) : .direct
        guard let (addresses, port) = words.first.flatMap({ self.addresses(String($0)) }), let forwarding,
            addresses.first == addresses.last
        else {
            findings.report(
                directive.place, "\(directive.name) is \"\(directive.value)\"",
                "write an address with a port, and gate, masq or ipip")
            return nil
        }
        return RealServer(endpoint(addresses.first, port, forwarding), forwarding: forwarding)
    }
}

extension RealServer {
    /// The same settings at another endpoint.
    fileprivate func moved(to endpoint: Endpoint) -> RealServer {
        RealServer(
            endpoint, forwarding: forwarding, weight: weight, upperThreshold: upperThreshold,
            lowerThreshold: lowerThreshold)
    }
}

// MARK: - What it declares

extension LdirectordVirtual {
    func declaration() -> MigratedVirtualServer {
        var seen: Set<Endpoint> = []
        let unique = servers.filter { server in
            if seen.insert(server.server.endpoint).inserted { return true }
            findings.report(
                server.directive.place, "the real server \(server.server.endpoint) stands twice", "keep one of the two")
            return false
        }
        let checks = unique.map { server in
            checker.checks(
                options, request: server.request, receive: server.receive, virtual: key,
                realServer: server.server.endpoint, head.place, findings)
        }
        var rules = HealthRules(onFailure: options.isQuiescent == true ? .weightZero : .remove)
        rules.checks = checks.first ?? []
        for (server, checks) in zip(unique, checks) where checks != rules.checks {
            rules.own[server.server.endpoint] = checks
        }
        let isChecked = checks.contains { !$0.isEmpty }
        if isChecked {
            rules.backup = backup()
            if options.isQuiescent == nil {
                findings.note(head.place, "quiescent is not said: what is down is removed, as ldirectord does")
            }
        }
        var all = unique.map(\.server).sorted { $0.endpoint < $1.endpoint }
        if checker.isOff { for index in all.indices { all[index].weight = 0 } }
        return MigratedVirtualServer(
            place: head.place, desired: DesiredVirtualServer(virtualServer(), realServers: all),
            health: isChecked ? rules : nil)
    }

    private func virtualServer() -> VirtualServer {
        var virtualServer = VirtualServer(key, scheduler: Scheduler(scheduler), onePacket: onePacket)
        if !Scheduler.knownNames.contains(scheduler) {
            findings.report(
                head.place, "the scheduler is \"\(scheduler)\"",
                "write one of \(Scheduler.knownNames.joined(separator: ", "))")
        }
        for name in flags {
            if let flag = SchedulerFlags(name: name, for: scheduler) {
                virtualServer.scheduler.flags.insert(flag)
            } else {
                findings.report(head.place, "the scheduler \(scheduler) has no flag \(name)", "leave it out")
            }
        }
        guard let timeout else {
            if let netmask { findings.note(netmask.place, "netmask has no effect without persistent") }
            return virtualServer
        }
        var granularity: PersistenceGranularity? = .single(family)
        if let netmask {
            granularity =
                family == .ipv6
                ? Int(netmask.value).flatMap { PersistenceGranularity(prefixLength: $0, family: .ipv6) }
                : IPAddress(netmask.value).flatMap { $0.family == .ipv4 ? .mask($0.v4Value) : nil }
            if granularity == nil {
                findings.report(
                    netmask.place, "netmask is \"\(netmask.value)\"",
                    family == .ipv4 ? "write a mask such as 255.255.255.0" : "write a number from 1 to 128")
            }
        }
        virtualServer.persistence = Persistence(timeout: timeout, granularity: granularity ?? .single(family))
        return virtualServer
    }
}
