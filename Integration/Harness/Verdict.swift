/// How a scenario went, measured by how it was meant to end.
struct Verdict {
    let elapsed: Duration
    /// Why it failed and what it printed; `nil` when it passed.
    let failureReport: String?
    /// What it printed although all was well: figures.
    let notes: String

    init(_ ending: Scenario.Ending, failureReport: String?, notes: String, elapsed: Duration) {
        self.elapsed = elapsed
        self.notes = notes
        switch (ending, failureReport) {
        case (.success, let report):
            self.failureReport = report
        case (.failure(let text), let report?):
            self.failureReport =
                report.contains(text) ? nil : "it failed as it should, but not with: \(text)\n\(report)"
        case (.failure(let text), nil):
            self.failureReport = "it should have failed with: \(text)"
        }
    }

    var milliseconds: Int64 {
        elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000
    }
}
