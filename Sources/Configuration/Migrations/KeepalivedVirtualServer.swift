import Configuration
import HealthChecks
import LoadBalancing

/// A `virtual_server` block: what it says, before it is known which addresses it stands for.
struct KeepalivedVirtualServer {
    /// A real server or the sorry server, before the virtual server's key is known.
    struct Server {
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

    let statement: KeepalivedStatement
    let globals: KeepalivedGlobals
    let findings: Findings
    private(set) var timing = KeepalivedTiming()
    private(set) var family: AddressFamily?
    private(set) var scheduler = "wlc"
    private(set) var flags: [KeepalivedStatement] = []
    private(set) var onePacket = false
    private(set) var forwarding = ForwardingMethod.masquerade
    private(set) var timeout: UInt32?
    private(set) var granularity: KeepalivedStatement?
    private(set) var engine: String?
    private(set) var transportProtocol: TransportProtocol?
    private(set) var weight: UInt32 = 1
    private(set) var quorum: UInt32 = 1
    private(set) var hysteresis: UInt32 = 0
    private(set) var isInhibited = false
    private(set) var startsDown = false
    private(set) var drainsAtEnd = false
    private(set) var servers: [Server] = []
    private(set) var backup: Server?

    init(_ statement: KeepalivedStatement, _ globals: KeepalivedGlobals, _ findings: Findings) {
        self.statement = statement
        self.globals = globals
        self.findings = findings
        // A virtual server's settings hold for its real servers wherever they stand.
        let isServer = { (inner: KeepalivedStatement) in inner.keyword == "real_server" }
        statement.statements.filter { !isServer($0) }.forEach { read($0) }
        statement.statements.filter(isServer).forEach { readServer($0) }
        if servers.isEmpty {
            findings.report(
                statement.place, "the virtual server has no real servers", "write real_server, or leave it out")
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
