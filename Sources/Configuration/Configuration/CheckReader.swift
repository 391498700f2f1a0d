import Documents
import HealthChecks
import LoadBalancing

/// Reads one check.
struct CheckReader {
    let reader: MappingReader

    /// The check; `nil` after a report without its kind, or without what it cannot do without.
    func read() -> ServerCheck? {
        guard let type = reader(Fields.checkType) else {
            // What is wrong inside is told all the same.
            _ = reader(Fields.body)
            return nil
        }
        for field in CheckType.particularFields where reader.has(field.name) && !type.fieldNames.contains(field.name) {
            let kinds = CheckType.allCases.filter { $0.fieldNames.contains(field.name) }.map(\.rawValue)
            reader.scope.report(
                reader.place(of: field.name),
                "\(field.name) is only for \(kinds.alternatives), not for \(type.rawValue)",
                "leave it out")
        }
        guard let probe = probe(type) else { return nil }
        var check = ServerCheck(probe)
        if let interval = reader(Fields.interval) { check.interval = .milliseconds(Int(interval)) }
        check.timeout = reader(Fields.checkTimeout).map { .milliseconds(Int($0)) } ?? min(check.timeout, check.interval)
        check.retryDelay = reader(Fields.retryDelay).map { .milliseconds(Int($0)) }
        check.rise = reader(Fields.rise) ?? check.rise
        check.fall = reader(Fields.fall) ?? check.fall
        check.address = reader(Fields.checkAddress)
        check.port = reader(Fields.checkPort)
        check.source = reader(Fields.source)
        check.mark = reader(Fields.mark) ?? 0
        if !probe.usesNetwork {
            for name in ["address", "port", "source", "mark"] where reader.has(name) {
                reader.scope.report(
                    reader.place(of: name), "\(name) has no meaning for \(type.rawValue)", "leave it out")
            }
        }
        return check
    }

    private func probe(_ type: CheckType) -> ServerCheck.Probe? {
        switch type {
        case .tcp: .tcp(exchange())
        case .udp: .udp(exchange())
        case .http, .https: .http(http(isTLS: type == .https))
        case .dns:
            required(Fields.queryName).map { name in
                .dns(
                    ServerCheck.DNSProbe(
                        name: name, type: reader(Fields.recordType) ?? "A", answer: reader(Fields.answer)))
            }
        case .ping: .ping
        case .smtp: .smtp(helo: reader(Fields.helo) ?? "localhost")
        case .command: command()
        case .file: required(Fields.weightFile).map { .file($0) }
        }
    }

    private func required<Value>(_ field: Field<Value>) -> Value? {
        guard !reader.has(field.name) else { return reader(field) }
        reader.scope.report(reader.node, "\(field.name) is missing", "write `\(field.name): …`")
        return nil
    }

    private func exchange() -> ServerCheck.Exchange? {
        for (text, digits) in [("send", "sendHex"), ("expect", "expectHex")]
        where reader.has(text) && reader.has(digits) {
            reader.scope.report(
                reader.place(of: digits), "\(text) and \(digits) exclude each other", "keep one of the two")
        }
        let send = reader(Fields.send).map { Array($0.utf8) } ?? reader(Fields.sendHex)
        let expect = reader(Fields.expect).map { Array($0.utf8) } ?? reader(Fields.expectHex)
        return send == nil && expect == nil ? nil : ServerCheck.Exchange(send: send ?? [], expect: expect ?? [])
    }

    private func http(isTLS: Bool) -> ServerCheck.HTTPProbe {
        var http = ServerCheck.HTTPProbe()
        http.isTLS = isTLS
        http.method = reader(Fields.method) ?? http.method
        http.path = reader(Fields.path) ?? http.path
        http.host = reader(Fields.host)
        http.headers = reader(Fields.headers) ?? []
        if let statuses = reader(Fields.statuses), !statuses.isEmpty { http.statuses = statuses }
        http.body = reader(Fields.body)
        guard isTLS else { return http }
        http.serverName = reader(Fields.serverName)
        http.verifies = reader(Fields.verify) ?? false
        http.certificate = reader(Fields.certificate)
        http.key = reader(Fields.key)
        if reader.has("certificate") != reader.has("key") {
            reader.scope.report(reader.node, "certificate and key belong together", "write both, or none")
        }
        return http
    }

    private func command() -> ServerCheck.Probe? {
        guard required(Fields.command) != nil, let arguments = reader.program(Fields.command) else { return nil }
        return .command(
            ServerCheck.CommandProbe(
                arguments, isDynamic: reader(Fields.isDynamic) ?? false, user: reader(Fields.user)))
    }
}

extension MappingReader {
    /// A program with its arguments; `nil` where there is none, or after a report.
    func program(_ field: Field<[String]>) -> [String]? {
        guard let arguments = self(field) else { return nil }
        guard let program = arguments.first, program.hasPrefix("/"), arguments.count <= 64,
            arguments.reduce(0, { $0 + $1.utf8.count }) <= 16 << 10
        else {
            scope.report(
                place(of: field.name),
                "\(field.name) does not begin with the absolute path of a program, or is too long",
                "write a list such as [/usr/local/bin/check, --port, \"80\"], of at most 64 texts and 16 KiB")
            return nil
        }
        return arguments
    }
}

/// The `checks` of a virtual or real server.
struct CheckList {
    /// More for one real server make no sense.
    static let maximumCount = 16

    static let itemSchema: Document = ["anyOf": [["type": "string"], ObjectShape.check.schema]]

    let named: [String: ServerCheck]

    /// Reads the list of a mapping; `nil` when there is none, or after a report that it is none.
    func read(_ reader: MappingReader) -> [ServerCheck]? {
        guard let list = reader(Fields.checks) else { return nil }
        guard let nodes = list.sequence, nodes.count <= Self.maximumCount else {
            reader.scope.report(
                list, "checks is \(list.summary)", "write a list of at most \(Self.maximumCount), `[]` for none")
            return nil
        }
        return nodes.compactMap { read($0, reader.scope) }
    }

    private func read(_ node: YAMLNode, _ scope: Scope) -> ServerCheck? {
        guard node.mapping == nil else {
            return MappingReader(node, .check, "a check", scope.inner("a check")).flatMap {
                CheckReader(reader: $0).read()
            }
        }
        guard let text = node.scalar?.text, !text.isEmpty else {
            scope.report(node, "a check is \(node.summary)", "write a name, `tcp`, `ping`, `http:/path`, or a mapping")
            return nil
        }
        if let check = named[text] ?? ServerCheck(brief: text) { return check }
        let names = named.keys.sorted()
        let remedy =
            NearestName.of(text, in: names).map { "did you mean `\($0)`?" }
            ?? "declare it under `checks:` at the top of this file, or write tcp, ping, smtp or http:/path"
        scope.report(node, "there is no check \(node.summary)", remedy)
        return nil
    }
}
