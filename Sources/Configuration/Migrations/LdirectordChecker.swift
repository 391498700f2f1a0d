import Configuration
import HealthChecks
import LoadBalancing

/// How a virtual service of ldirectord has its real servers checked.
struct LdirectordChecker {
    private enum Kind {
        case connect
        case negotiate
        case ping
        case external
        case on
        case off
    }

    private var kind = Kind.negotiate
    private var service: String
    private var request: String?
    private var receive = ""
    private var method = "GET"
    private var host: String?
    private var port: UInt16?
    private var command: LdirectordDirective?

    /// - Parameter service: What the port of the virtual service stands for.
    init(service: String) { self.service = service }

    private static let services: Set<String> = [
        "dns", "ftp", "http", "https", "http_proxy", "imap", "imaps", "ldap", "ldaps", "nntp", "mysql", "none",
        "oracle", "pop", "pops", "radius", "pgsql", "sip", "smtp", "submission", "simpletcp",
    ]

    /// Takes a directive that says something of this; false for any other.
    mutating func take(_ directive: LdirectordDirective, _ findings: Findings) -> Bool {
        switch directive.name {
        case "checktype": readKind(directive, findings)
        case "service":
            service = directive.value
            if !Self.services.contains(service) {
                findings.report(
                    directive.place, "service is \"\(service)\"",
                    "write one of \(Self.services.sorted().joined(separator: ", "))")
            }
        case "request": request = directive.value
        case "receive": receive = directive.value
        case "httpmethod": method = directive.value.uppercased()
        case "virtualhost": host = directive.value
        case "checkport": port = directive.number(1...65_535, findings).map { UInt16($0) }
        case "checkcommand": command = directive
        case "login", "passwd", "database", "secret", "load":
            findings.note(directive.place, "\(directive.name) does not carry over: ipvsync's checks do not log in")
        default: return false
        }
        return true
    }

    private mutating func readKind(_ directive: LdirectordDirective, _ findings: Findings) {
        switch directive.value {
        case "connect": kind = .connect
        case "negotiate": kind = .negotiate
        case "ping": kind = .ping
        case "external": kind = .external
        case "on": kind = .on
        case "off":
            kind = .off
            findings.note(directive.place, "checktype off uses no real server: they have weight 0 here")
        case "external-perl":
            kind = .external
            findings.note(directive.place, "external-perl becomes a program: it has to be executable")
        case let text where UInt32(text) != nil:
            kind = .negotiate
            findings.note(directive.place, "checktype \(text) becomes negotiate: every check asks the service")
        default:
            findings.report(
                directive.place, "checktype is \"\(directive.value)\"",
                "write connect, negotiate, ping, external, on or off")
        }
    }

    /// Whether no real server shall be used at all.
    var isOff: Bool { kind == .off }
}

// MARK: - Checks

extension LdirectordChecker {
    /// The checks of a real server.
    ///
    /// - Parameters:
    ///   - ownRequest: What the real server's own line asks for, and its answer.
    func checks(
        _ options: LdirectordOptions, request ownRequest: String?, receive ownReceive: String?,
        virtual: VirtualServerKey, realServer: Endpoint, _ place: SourcePlace, _ findings: Findings
    ) -> [ServerCheck] {
        let isUDP = virtual.transportProtocol == .udp
        var probe: ServerCheck.Probe?
        switch kind {
        case .on, .off: return []
        case .ping: probe = .ping
        case .connect: probe = isUDP ? .ping : .tcp(nil)
        case .external: probe = external(virtual, realServer, place, findings)
        case .negotiate:
            let receive = ownReceive ?? receive
            probe = negotiated(
                request: ownRequest ?? request, receive: receive, isUDP: isUDP, place, findings)
        }
        guard let probe else { return [] }
        var check = ServerCheck(probe)
        check.interval = .seconds(Int(options.interval))
        let timeout =
            kind == .negotiate
            ? options.negotiateTimeout ?? options.checkTimeout ?? 30
            : options.checkTimeout ?? options.negotiateTimeout ?? 5
        check.setTimeout(.seconds(Int(timeout)), place, findings)
        check.fall = Int(options.failures)
        check.rise = 1
        switch probe {
        case .ping, .command, .file: break
        default: check.port = port
        }
        return [check]
    }

    private func negotiated(
        request: String?, receive: String, isUDP: Bool, _ place: SourcePlace, _ findings: Findings
    ) -> ServerCheck.Probe? {
        switch service {
        case "http", "https": return http(request: request, receive: receive, place, findings)
        case "dns":
            guard let request else {
                findings.note(place, "dns has no request, and becomes a question for the root")
                return .dns(ServerCheck.DNSProbe(name: ".", type: "SOA"))
            }
            let isAddress = IPAddress(receive) != nil
            if !receive.isEmpty, !isAddress {
                findings.note(place, "receive \"\(receive)\" of dns is left out: it is no single address")
            }
            let type = IPAddress(receive)?.family == .ipv6 ? "AAAA" : "A"
            return .dns(ServerCheck.DNSProbe(name: request, type: type, answer: isAddress ? receive : nil))
        case "smtp", "submission": return .smtp(helo: "localhost")
        case "simpletcp":
            let send = Array((request ?? "").replacing("\\n", with: "\n").utf8)
            guard PerlPattern.isLiteral(receive) else {
                findings.note(place, "receive \"\(receive)\" is a pattern, which `tcp` has not: any answer will do")
                return .tcp(ServerCheck.Exchange(send: send))
            }
            return .tcp(ServerCheck.Exchange(send: send, expect: Array(receive.utf8)))
        case "none": return nil
        default:
            findings.note(
                place,
                "a check of \(service) becomes \(isUDP ? "udp" : "tcp"): only that the port answers; write "
                    + "`type: command` with a program of yours for more")
            return isUDP ? .udp(nil) : .tcp(nil)
        }
    }

    private func http(
        request: String?, receive: String, _ place: SourcePlace, _ findings: Findings
    ) -> ServerCheck.Probe {
        var http = ServerCheck.HTTPProbe()
        http.isTLS = service == "https"
        http.method = method
        http.host = host
        http.statuses = [200...299]
        let path = request ?? "/"
        if path.contains("://") {
            findings.report(place, "request is the address \(path)", "write its path, with checkport and virtualhost")
        }
        http.path = path.hasPrefix("/") ? path : "/" + path
        if PerlPattern.isParticular(receive) {
            findings.note(
                place,
                "receive \"\(receive)\" does not carry over: ipvsync takes POSIX extended regular expressions; "
                    + "the status is checked")
        } else if !receive.isEmpty {
            http.body = PerlPattern.isLiteral(receive) ? .contains(receive) : .matches(receive)
        }
        return .http(http)
    }

    private func external(
        _ virtual: VirtualServerKey, _ realServer: Endpoint, _ place: SourcePlace, _ findings: Findings
    ) -> ServerCheck.Probe? {
        let words = (command?.value ?? "/bin/true").split { $0 == " " || $0 == "\t" }.map(String.init)
        guard let program = words.first, program.hasPrefix("/") else {
            findings.report(command?.place ?? place, "checkcommand names no absolute path", "write one")
            return nil
        }
        let subject =
            switch virtual {
            case .endpoint(_, let endpoint), .otherProtocol(_, let endpoint):
                ["\(endpoint.address)", "\(endpoint.port)"]
            case .firewallMark(let mark, _): ["\(mark)", "0"]
            }
        let server = ["\(realServer.address)", "\(port ?? realServer.port)"]
        return .command(ServerCheck.CommandProbe(words + subject + server))
    }
}
