import Documents
import HealthChecks
import LoadBalancing

extension MappingReader {
    /// What the mapping says of health, over what holds without it.
    func health(over base: HealthRules, named: [String: ServerCheck]) -> HealthRules {
        var rules = base
        rules.checks = CheckList(named: named).read(self) ?? base.checks
        rules.onFailure = self(Fields.onFailure) ?? base.onFailure
        rules.quorum = self(Fields.quorum) ?? base.quorum
        rules.hysteresis = self(Fields.hysteresis) ?? base.hysteresis
        rules.startsDown = self(Fields.startsDown) ?? base.startsDown
        rules.drainsAtEnd = self(Fields.drainsAtEnd) ?? base.drainsAtEnd
        rules.panicThreshold = self(Fields.panicThreshold).map { UInt8(($0 * 100).rounded()) } ?? base.panicThreshold
        rules.slowStart = self(Fields.slowStart).map { .seconds(Int($0)) } ?? base.slowStart
        if rules.hysteresis >= rules.quorum ?? 1, rules.hysteresis > 0 {
            scope.report(
                place(of: "hysteresis"), "hysteresis \(rules.hysteresis) is not below the quorum \(rules.quorum ?? 1)",
                "write a smaller one, or the quorum could never be lost")
        }
        return rules
    }

    /// The checks of a file by name.
    func namedChecks() -> [String: ServerCheck] {
        guard let node = self(Fields.namedChecks) else { return [:] }
        guard let pairs = node.mapping, pairs.count <= 1000 else {
            scope.report(node, "checks is \(node.summary)", "write at most 1000 checks by name: {web: {type: tcp}}")
            return [:]
        }
        var named: [String: ServerCheck] = [:]
        for pair in pairs {
            let scope = Scope(problems: scope.problems) { "check \(pair.name)" }
            guard Fields.isCheckName(pair.name) else {
                scope.report(
                    pair.key, "no check can be called \(pair.key.summary)",
                    "use 1 to 63 of A-Z, a-z, 0-9, `.`, `_` and `-`, and no kind of check")
                continue
            }
            guard let reader = MappingReader(pair.value, .check, "it", scope) else { continue }
            named[pair.name] = CheckReader(reader: reader).read()
        }
        return named
    }
}

extension Fields {
    fileprivate static func isCheckName(_ name: String) -> Bool {
        isKernelName(name, 63) && !name.contains(":") && ServerCheck(brief: name) == nil
    }
}

extension VirtualServerReader {
    /// The rules, after a report of what does not fit together; `nil` when no real server is checked.
    func checked(_ rules: HealthRules, _ servers: [RealServer]) -> HealthRules? {
        if let backup = rules.backup, servers.contains(where: { $0.endpoint == backup.endpoint }) {
            reader.scope.report(
                reader.place(of: "backup"), "the backup \(backup.endpoint) is one of the real servers",
                "name another, or leave it out")
        }
        let isChecked = servers.contains { !rules.checks(of: $0.endpoint).isEmpty }
        if !isChecked, !servers.isEmpty {
            for name in ["onFailure", "quorum", "hysteresis", "backup", "panicThreshold", "slowStart"]
            where reader.has(name) {
                reader.scope.report(
                    reader.place(of: name), "\(name) has no effect, for no real server is checked",
                    "write `checks:` too")
            }
        }
        for server in servers { rules.checks(of: server.endpoint).forEach { complain($0, server) } }
        return isChecked ? rules : nil
    }

    /// Reports a check that cannot be made of a real server.
    private func complain(_ check: ServerCheck, _ server: RealServer) {
        let target = check.target(of: server.endpoint)
        let place = reader.place(of: reader.has("checks") ? "checks" : "realServers")
        if check.probe.needsPort, target.port == 0 {
            reader.scope.report(
                place, "the real server \(server.endpoint.address) has no port to check", "write `port:` in its check")
        }
        if let source = check.source, source.family != target.address.family {
            reader.scope.report(
                place, "\(target.address) cannot be asked from the source \(source)",
                "write a source of the same family, or leave it out")
        }
    }
}
