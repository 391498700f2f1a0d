package import Configuration
import LoadBalancing

/// ldirectord.cf read as ipvsync's configuration.
package struct LdirectordConfiguration {
    package let configuration: Configuration
    /// In the order of the file.
    package let notes: [MigrationNote]

    /// Reads a file's bytes; pure, and safe for any bytes.
    ///
    /// - Throws: Everything that is wrong, with its lines.
    package init(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) {
        let findings = Findings()
        let sections = LdirectordSection.sections(bytes, file: file, findings)
        var table = MigratedTable(findings: findings)
        let options = LdirectordOptions(sections.first?.directives ?? [], findings)
        for section in sections.dropFirst() {
            guard let virtual = LdirectordVirtual(section, options, findings) else { continue }
            table.add(virtual.declaration())
        }
        if sections.count == 1, findings.errors.isEmpty {
            findings.report(
                SourcePlace(file: file, line: 1), "it declares no virtual", "write virtual = 192.0.2.1:80, for instance"
            )
        }
        configuration = try table.finished()
        notes = findings.notes
    }
}

/// What may stand at the top and, for one virtual service, below it.
struct LdirectordOptions {
    var checkTimeout: UInt32?
    var negotiateTimeout: UInt32?
    var interval: UInt32 = 10
    var failures: UInt32 = 1
    var isQuiescent: Bool?
    var fallback: LdirectordDirective?
    var fallback6: LdirectordDirective?

    init(_ directives: [LdirectordDirective], _ findings: Findings) {
        for directive in directives where !take(directive, findings) {
            findings.report(
                directive.place, "there is no directive \(directive.name)", "check its name, or leave it out")
        }
    }

    private static let remarks: [String: String] = [
        "autoreload": "ipvsync reads its files again when they change",
        "callback": "ipvsync runs no hooks",
        "cleanstop": "see cleanupOnExit",
        "emailalert": "ipvsync sends no mail; alert on its metrics",
        "emailalertfreq": "ipvsync sends no mail; alert on its metrics",
        "emailalertfrom": "ipvsync sends no mail; alert on its metrics",
        "emailalertstatus": "ipvsync sends no mail; alert on its metrics",
        "smtp": "ipvsync sends no mail; alert on its metrics",
        "execute": "migrate the other configuration too",
        "fallbackcommand": "ipvsync runs no hooks",
        "fork": "ipvsync checks all real servers at once",
        "logfile": "ipvsync logs to standard error",
        "maintenancedir": "set weight: 0, or take the real server out",
        "monitorfile": "see ipvsync watch, its log and its metrics",
        "readdquiescent": "ipvsync puts back what is missing",
        "supervised": "ipvsync stays in the foreground",
        "comment": "write it as a comment",
        "servicename": "name: in the configuration names a virtual server",
    ]

    /// Takes a directive that says something of this; false for any other.
    mutating func take(_ directive: LdirectordDirective, _ findings: Findings) -> Bool {
        switch directive.name {
        case "checktimeout": checkTimeout = directive.number(1...86_400, findings)
        case "negotiatetimeout": negotiateTimeout = directive.number(1...86_400, findings)
        case "checkinterval": interval = directive.number(1...86_400, findings) ?? interval
        case "failurecount": failures = directive.number(1...100, findings) ?? failures
        case "checkcount": findings.note(directive.place, "checkcount is left out: failurecount says how often")
        case "quiescent": isQuiescent = directive.flag(findings)
        case "fallback": fallback = directive
        case "fallback6": fallback6 = directive
        default:
            guard let remark = Self.remarks[directive.name] else { return false }
            findings.note(directive.place, "\(directive.name) does not carry over: \(remark)")
        }
        return true
    }
}
