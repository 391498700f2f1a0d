package import Configuration
import LoadBalancing

/// keepalived.conf read as ipvsync's configuration: its virtual servers and their checks. VRRP stays with keepalived.
package struct KeepalivedConfiguration {
    package let configuration: Configuration
    /// In the order of the files.
    package let notes: [MigrationNote]

    /// A file that is read.
    package struct Input {
        let bytes: [UInt8]
        /// As messages name it.
        let file: String
        /// Where relative includes start; `nil` for the standard input.
        let path: String?

        package init(_ bytes: [UInt8], file: String, path: String? = nil) {
            self.bytes = bytes
            self.file = file
            self.path = path
        }
    }

    /// Reads files together, and the files that they include; safe for any bytes.
    ///
    /// - Parameter configID: What `@ID` lines are compared with; keepalived takes the first part of the node's name.
    /// - Throws: Everything that is wrong, with its lines.
    package init(_ inputs: [Input], configID: String) throws(ConfigurationErrors) {
        let findings = Findings()
        var lines = KeepalivedLines(configID: configID, findings: findings)
        for input in inputs { lines.read(input.bytes, file: input.file, path: input.path) }
        var reader = KeepalivedReader(findings: findings)
        reader.read(KeepalivedStatement.tree(lines.lines, findings))
        if !reader.hasVirtualServers, findings.errors.isEmpty {
            findings.report(
                SourcePlace(file: inputs.first?.file ?? "", line: 1), "it declares no virtual_server",
                "leave it to keepalived: ipvsync has nothing to do")
        }
        configuration = try reader.table.finished()
        notes = findings.notes
    }
}

/// Reads the blocks of the top level.
private struct KeepalivedReader {
    private let findings: Findings
    private(set) var table: MigratedTable
    private(set) var hasVirtualServers = false
    private var globals = KeepalivedGlobals()
    private var groups: [String: KeepalivedGroup] = [:]

    init(findings: Findings) {
        self.findings = findings
        table = MigratedTable(findings: findings)
    }

    mutating func read(_ statements: [KeepalivedStatement]) {
        // What virtual servers refer to may stand after them.
        for statement in statements {
            switch statement.keyword {
            case "virtual_server": hasVirtualServers = true
            case "virtual_server_group": readGroup(statement)
            case "global_defs": readGlobals(statement)
            case "SSL": readSSL(statement)
            default: noteLeft(statement)
            }
        }
        for statement in statements where statement.keyword == "virtual_server" {
            let virtualServer = KeepalivedVirtualServer(statement, globals, findings)
            virtualServer.declarations(groups).forEach { table.add($0) }
        }
    }

    private mutating func readGroup(_ statement: KeepalivedStatement) {
        let name = statement.values.first ?? ""
        if groups[name] != nil {
            findings.report(statement.place, "the group \(name) is declared twice", "keep one of the two")
        }
        groups[name] = KeepalivedGroup(statement, findings)
    }

    private mutating func readSSL(_ statement: KeepalivedStatement) {
        for inner in statement.statements {
            switch inner.keyword {
            case "certificate": globals.certificate = inner.values.first
            case "key": globals.key = inner.values.first
            default: findings.note(inner.place, "\(inner.keyword) of SSL does not carry over")
            }
        }
    }

    private mutating func readGlobals(_ statement: KeepalivedStatement) {
        findings.note(statement.place, "global_defs is left to keepalived, but for what it says of virtual servers")
        for inner in statement.statements {
            switch inner.keyword {
            case "script_user": globals.scriptUser = inner.values.first
            case "lvs_timeouts": readTimeouts(inner)
            case "lvs_sync_daemon":
                findings.note(inner.place, "lvs_sync_daemon does not carry over: declare syncDaemons")
            case "lvs_flush", "lvs_flush_onstop", "lvs_flush_on_stop":
                findings.note(inner.place, "\(inner.keyword) is left out: ipvsync never touches what it did not make")
            default: break
            }
        }
    }

    /// `tcp N tcpfin N udp N`, each in seconds.
    private mutating func readTimeouts(_ statement: KeepalivedStatement) {
        var timeouts = ConnectionTimeouts()
        for index in stride(from: 1, to: statement.words.count, by: 2) {
            let seconds = statement.number(1...ConnectionTimeouts.maximum, at: index + 1, findings)
            switch statement.words[index] {
            case "tcp": timeouts.tcp = seconds
            case "tcpfin": timeouts.tcpFin = seconds
            case "udp": timeouts.udp = seconds
            default:
                findings.report(
                    statement.place, "lvs_timeouts has \(statement.words[index])", "write tcp, tcpfin and udp")
            }
        }
        if timeouts != ConnectionTimeouts() { table.set(timeouts) }
    }

    /// Says that a block stays with keepalived.
    private func noteLeft(_ statement: KeepalivedStatement) {
        findings.note(statement.place, "\(statement.keyword) is left to keepalived")
    }
}
