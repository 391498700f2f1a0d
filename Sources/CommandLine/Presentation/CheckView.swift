package import Documents
package import HealthChecks
internal import LoadBalancing

/// What checks of real servers found, each made once.
package struct CheckView: Presentable {
    private let results: [(subject: CheckSubject, result: CheckResult?)]

    /// - Parameter results: `nil` for a check that was not made in time.
    package init(_ results: [(subject: CheckSubject, result: CheckResult?)]) {
        self.results = results.sorted {
            ($0.subject.realServer, $0.subject.description) < ($1.subject.realServer, $1.subject.description)
        }
    }

    /// Whether all real servers are up by all of their checks.
    package var areAllUp: Bool { results.allSatisfy { ["up", "weight"].contains($0.result.word) } }

    package var document: Document {
        [
            "checks": .sequence(
                results.map { subject, result in
                    [
                        "realServer": .string(subject.realServer.description),
                        "check": .string(subject.description), "result": .string(result.word),
                        "weight": result.weight.map { .integer(Int64($0)) } ?? .null,
                        "reason": .string(result.reason),
                        "seconds": result.map { .number($0.duration / .seconds(1)) } ?? .null,
                    ]
                })
        ]
    }

    package var lines: [Line] {
        var table = TextTable(rightAligned: [0: [3]])
        table.add(kind: 0, ["REAL SERVER", "CHECK", "RESULT", "TIME", "REASON"], style: .bold)
        for (subject, result) in results {
            let weight = result.weight.map { " \($0)" } ?? ""
            table.add(
                kind: 0,
                [
                    subject.realServer.description, subject.description, result.word + weight,
                    result.map { TimeText.short($0.duration / .seconds(1)) } ?? "", result.reason,
                ], style: result.style)
        }
        return table.lines()
    }
}

extension CheckResult? {
    fileprivate var word: String {
        switch self?.outcome {
        case .up?: "up"
        case .down?: "down"
        case .weight?: "weight"
        case .unknown?, nil: "unknown"
        }
    }

    fileprivate var weight: UInt32? {
        guard case .weight(let weight)? = self?.outcome else { return nil }
        return weight
    }

    fileprivate var reason: String { self?.reason ?? "it was not made in time" }

    fileprivate var style: Terminal.Style? {
        switch self?.outcome {
        case .up?, .weight?: .green
        case .down?: .red
        case .unknown?, nil: .yellow
        }
    }
}
