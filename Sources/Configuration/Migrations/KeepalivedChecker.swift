import Configuration
import HealthChecks
import LoadBalancing

/// Reads a checker's block, such as `TCP_CHECK` or `HTTP_GET`, as checks.
struct KeepalivedChecker {
    private let statement: KeepalivedStatement
    private let findings: Findings
    private var timing: KeepalivedTiming
    private let globals: KeepalivedGlobals
    private var address: IPAddress?
    private var port: UInt16?
    private var source: IPAddress?
    private var mark: UInt32 = 0

    /// The keywords of the checkers that are read.
    static let keywords: Set<String> = [
        "TCP_CHECK", "HTTP_GET", "SSL_GET", "SMTP_CHECK", "DNS_CHECK", "MISC_CHECK", "UDP_CHECK", "PING_CHECK",
        "FILE_CHECK", "BFD_CHECK",
    ]

    init(
        _ statement: KeepalivedStatement, _ timing: KeepalivedTiming, _ globals: KeepalivedGlobals,
        _ findings: Findings
    ) {
        self.statement = statement
        self.timing = timing
        self.globals = globals
        self.findings = findings
    }

    /// The checks; several for several URLs, none for what does not carry over.
    mutating func checks() -> [ServerCheck] {
        switch statement.keyword {
        case "TCP_CHECK":
            readCommon()
            return [check(.tcp(nil))]
        case "PING_CHECK":
            readCommon()
            port = nil
            return [check(.ping)]
        case "HTTP_GET": return http(isTLS: false)
        case "SSL_GET": return http(isTLS: true)
        case "SMTP_CHECK": return smtp()
        case "DNS_CHECK": return dns()
        case "MISC_CHECK": return command()
        case "UDP_CHECK": return udp()
        case "FILE_CHECK":
            findings.note(
                statement.place,
                "FILE_CHECK does not carry over: there, a file holds what is added to a weight; `type: file` takes the "
                    + "weight itself from the file, and 0 is down")
        default: findings.note(statement.place, "\(statement.keyword) does not carry over: ipvsync speaks no BFD")
        }
        return []
    }

    /// Reads what every checker may say, and answers with the rest.
    @discardableResult
    private mutating func readCommon() -> [KeepalivedStatement] {
        statement.statements.filter { !take($0) }
    }

    private mutating func take(_ inner: KeepalivedStatement) -> Bool {
        switch inner.keyword {
        case "connect_ip": address = inner.address(findings)
        case "connect_port": port = inner.number(1...65_535, findings).map { UInt16($0) }
        case "bindto": source = inner.address(findings)
        case "fwmark": mark = inner.number(0...UInt32.max, findings) ?? 0
        case "bind_port", "bind_if", "log_all_failures", "alpha": noteLeft(inner)
        default: return timing.take(inner, findings)
        }
        return true
    }

    private func noteLeft(_ inner: KeepalivedStatement) {
        findings.note(inner.place, "\(inner.keyword) of \(statement.keyword) does not carry over")
    }

    private func check(
        _ probe: ServerCheck.Probe, retry: UInt32 = 1, retryDelay: Duration? = .seconds(1)
    ) -> ServerCheck {
        var check = ServerCheck(probe, address: address, port: port, source: source, mark: mark)
        timing.apply(to: &check, retry: retry, retryDelay: retryDelay, statement.place, findings)
        return check
    }
}

// MARK: - HTTP

extension KeepalivedChecker {
    private mutating func http(isTLS: Bool) -> [ServerCheck] {
        var urls: [KeepalivedStatement] = []
        var serverName: String?
        for inner in readCommon() {
            switch inner.keyword {
            case "url": urls.append(inner)
            case "sni_name": serverName = inner.values.first
            // ipvsync always sends the name, and tells the server that it is done.
            case "enable_sni", "tls_compliant", "fast_recovery": break
            default: noteLeft(inner)
            }
        }
        if urls.isEmpty {
            findings.report(statement.place, "\(statement.keyword) has no url", "write url { path / }")
        }
        return urls.flatMap { url in
            var http = ServerCheck.HTTPProbe()
            http.isTLS = isTLS
            http.host = timing.virtualHost
            if isTLS {
                http.serverName = serverName
                http.certificate = globals.certificate
                http.key = globals.key
            }
            return read(url, into: http).map { check(.http($0), retryDelay: .seconds(3)) }
        }
    }

    /// One probe, or two for a body that has to meet two conditions.
    private func read(_ url: KeepalivedStatement, into base: ServerCheck.HTTPProbe) -> [ServerCheck.HTTPProbe] {
        var http = base
        var hasPath = false
        var bodies: [ServerCheck.Body] = []
        var pattern: String?
        var isInverted = false
        http.statuses = []
        for inner in url.statements {
            switch inner.keyword {
            case "path":
                hasPath = true
                http.path = inner.values.first ?? ""
            case "digest": bodies.append(.md5([(inner.values.first ?? "").lowercased()]))
            case "status_code": http.statuses += inner.values.compactMap { statuses($0, inner) }
            case "virtualhost": http.host = inner.values.first ?? http.host
            case "regex": pattern = KeepalivedWords.shellSplit(inner.text, escapes: true).dropFirst().first
            case "regex_no_match": isInverted = true
            case "tls_compliant": break
            default: findings.note(inner.place, "\(inner.keyword) of a url does not carry over")
            }
        }
        if !hasPath { findings.report(url.place, "a url has no path", "write path /") }
        if http.statuses.isEmpty { http.statuses = [200...299] }
        if let pattern {
            if isInverted || PerlPattern.isParticular(pattern) {
                findings.note(
                    url.place,
                    "the regex \(pattern) does not carry over: ipvsync takes POSIX extended regular "
                        + "expressions that the body has to match; the rest of the url is checked")
            } else {
                bodies.append(.matches(pattern))
            }
        }
        return bodies.isEmpty
            ? [http]
            : bodies.map { body in
                http.body = body
                return http
            }
    }

    private func statuses(_ text: String, _ inner: KeepalivedStatement) -> ClosedRange<Int>? {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard let first = bounds.first, let last = bounds.last, bounds.count <= 2, (100...599).contains(first),
            (first...max(first, 599)).contains(last)
        else {
            findings.report(inner.place, "status_code has \(text)", "write codes such as 200 or 200-299")
            return nil
        }
        return first...last
    }
}

// MARK: - Other protocols

extension KeepalivedChecker {
    private mutating func smtp() -> [ServerCheck] {
        var helo = "localhost"
        for inner in readCommon() {
            switch inner.keyword {
            case "helo_name": helo = inner.values.first ?? helo
            case "host": inner.statements.forEach { if !take($0) { noteLeft($0) } }
            default: noteLeft(inner)
            }
        }
        return [check(.smtp(helo: helo))]
    }

    private mutating func dns() -> [ServerCheck] {
        var probe = ServerCheck.DNSProbe(name: ".", type: "SOA")
        for inner in readCommon() {
            switch inner.keyword {
            case "name": probe.name = inner.values.first ?? probe.name
            case "type": probe.type = (inner.values.first ?? probe.type).uppercased()
            default: noteLeft(inner)
            }
        }
        return [check(.dns(probe), retry: 3, retryDelay: nil)]
    }

    private mutating func udp() -> [ServerCheck] {
        var payload: KeepalivedStatement?
        var reply: KeepalivedStatement?
        for inner in readCommon() {
            switch inner.keyword {
            case "payload": payload = inner
            case "require_reply": reply = inner
            default: noteLeft(inner)
            }
        }
        guard let reply else {
            if let payload {
                findings.note(payload.place, "payload is left out: ipvsync sends its own where no reply is required")
            }
            return [check(.udp(nil))]
        }
        let send = payload.map { Self.bytes($0.values) ?? [] } ?? [0]
        if let payload, send.isEmpty {
            findings.report(payload.place, "payload is \(payload.shown(1))", "write hexadecimal digits")
        }
        let expect = Self.bytes(reply.values)
        if expect == nil { findings.note(reply.place, "the pattern of require_reply is left out: any reply will do") }
        return [check(.udp(ServerCheck.Exchange(send: send, expect: expect ?? [])))]
    }

    /// Hexadecimal digits in words; an odd one at the end of a word is a byte of its own.
    private static func bytes(_ words: ArraySlice<String>) -> [UInt8]? {
        var bytes: [UInt8] = []
        for word in words {
            var digits = Array(word.utf8)[...]
            while !digits.isEmpty {
                guard let byte = UInt8(String(decoding: digits.prefix(2), as: UTF8.self), radix: 16),
                    digits.first != UInt8(ascii: "+")
                else { return nil }
                bytes.append(byte)
                digits = digits.dropFirst(2)
            }
        }
        return bytes
    }

    private mutating func command() -> [ServerCheck] {
        var probe = ServerCheck.CommandProbe([], user: globals.scriptUser)
        var timeout: UInt32?
        for inner in readCommon() {
            switch inner.keyword {
            case "misc_path": probe.arguments = Self.arguments(inner.text)
            case "misc_timeout": timeout = inner.number(1...86_400, findings)
            case "misc_dynamic": probe.isDynamic = true
            case "user":
                probe.user = inner.values.first
                if inner.words.count > 2 {
                    findings.note(inner.place, "the group of user is left out: a program runs in its user's groups")
                }
            default: noteLeft(inner)
            }
        }
        guard let program = probe.arguments.first, program.hasPrefix("/") else {
            findings.report(
                statement.place, "MISC_CHECK does not name a program by its absolute path",
                "write misc_path \"/usr/local/bin/check 192.0.2.1\"")
            return []
        }
        if probe.user == nil {
            findings.note(
                statement.place, "programs run as the user of ipvsync's checker, unless `user:` names another")
        }
        timing.timeout = timeout.map { .seconds(Int($0)) } ?? timing.interval
        var check = check(.command(probe), retry: 0)
        (check.address, check.port, check.source, check.mark) = (nil, nil, nil, 0)
        return [check]
    }

    /// The program and its arguments: the text after `misc_path` is quoted once for the line, and once for them.
    private static func arguments(_ text: [UInt8]) -> [String] {
        let words = KeepalivedWords.shellSplit(text, escapes: false)
        return words.count > 1 ? KeepalivedWords.shellSplit(words[1].utf8, escapes: true) : []
    }
}
