package import Agent
package import Documents

/// The findings of `doctor`, worst things marked.
package struct DiagnosisView: Presentable {
    private let findings: [Finding]

    package init(_ findings: [Finding]) { self.findings = findings }

    package var lines: [Line] {
        var table = TextTable()
        for finding in findings {
            table.add(
                kind: 0, [finding.severity.label, finding.subject, finding.detail], style: finding.severity.style)
            if let remedy = finding.remedy { table.add(kind: 1, ["", "  fix: \(remedy)"]) }
        }
        return table.lines()
    }

    package var document: Document {
        .sequence(
            findings.map { finding in
                .mapping(
                    [
                        .init("subject", .string(finding.subject)),
                        .init("severity", .string(finding.severity.rawValue)),
                        .init("detail", .string(finding.detail)),
                    ] + (finding.remedy.map { [.init("remedy", .string($0))] } ?? []))
            })
    }
}

extension Finding.Severity {
    fileprivate var label: String { self == .failure ? "FAIL" : self == .warning ? "warn" : "ok" }
    fileprivate var style: Terminal.Style? { self == .failure ? .red : self == .warning ? .yellow : .green }
}
