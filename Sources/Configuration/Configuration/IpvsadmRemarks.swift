import LoadBalancing

/// What is worth knowing of rules that are taken otherwise than they look: the first line of each kind, and how many.
struct IpvsadmRemarks {
    private var kinds: [(text: String, line: Int, count: Int)] = []

    /// What no dump of ipvsadm holds.
    static let thresholds =
        "`ipvsadm -S` leaves out thresholds of real servers (-x, -y), and flag-3 of sh and mh beside other flags: "
        + "`ipvsync import` on the node itself has them"

    /// One line for each kind.
    var notes: [String] {
        kinds.map {
            $0.count == 1 ? "line \($0.line): \($0.text)" : "line \($0.line) and \($0.count - 1) more: \($0.text)"
        }
    }

    /// Takes note of an `-A` line.
    mutating func add(_ virtualServer: VirtualServer, _ rule: IpvsadmRule, _ line: Int) {
        if let mask = rule[.netmask] {
            if virtualServer.persistence == nil {
                add("-M without -p has no effect and is left out", line)
            } else if virtualServer.persistence?.granularity == .single(virtualServer.key.family),
                virtualServer.key.family == .ipv6, mask != "128"
            {
                add("-M before the option that makes it IPv6 has no effect and is left out", line)
            } else if virtualServer.key.family == .ipv4, IPAddress(mask) == nil {
                add(
                    "-M \(mask) is the mask \(virtualServer.persistence?.granularity.description ?? "") to ipvsadm",
                    line)
            }
        }
        if rule[.schedulerFlags]?.isEmpty == true {
            add(
                "-b without a name is flag-3, which `ipvsadm -S` cannot write for \(virtualServer.scheduler.name)", line
            )
        }
        if rule[.fwmarkService]?.first == "-", case .firewallMark(let mark, _) = virtualServer.key {
            add("-f \(rule[.fwmarkService] ?? "") is the mark \(mark): some versions of ipvsadm write it so", line)
        }
    }

    /// Takes note of an `-a` line.
    mutating func add(
        _ realServer: RealServer, _ written: (endpoint: Endpoint, hasPort: Bool), _ rule: IpvsadmRule,
        under key: VirtualServerKey, _ line: Int
    ) {
        if written.endpoint.port != realServer.endpoint.port {
            add(
                "direct routing and tunnels keep the virtual server's port, so \(written.endpoint) is "
                    + "\(realServer.endpoint), as `ipvsadm -R` has it", line)
        } else if !written.hasPort, realServer.forwarding.translatesPort, key.port != 0,
            rule.has(.realServer, before: IpvsadmOption.services)
        {
            add(
                "-r stands before its virtual server: `ipvsadm -R` would take port 0, here it is port \(key.port)", line
            )
        }
    }

    private mutating func add(_ text: String, _ line: Int) {
        let kind = text.prefix { !$0.isNumber }
        if let index = kinds.firstIndex(where: { $0.text.prefix { !$0.isNumber } == kind }) {
            kinds[index].count += 1
        } else {
            kinds.append((text, line, 1))
        }
    }
}
