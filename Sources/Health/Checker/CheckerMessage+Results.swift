internal import Documents
internal import HealthChecks

/// Results, as a checker sends them.
extension WireWriter {
    mutating func put(_ report: CheckerMessage.Report) {
        put(report.number)
        switch report.result.outcome {
        case .up: put(UInt8(0))
        case .down: put(UInt8(1))
        case .unknown: put(UInt8(2))
        case .weight(let weight):
            put(UInt8(3))
            put(weight)
        }
        put(report.result.duration)
        put(report.result.reason)
    }
}

extension WireReader {
    mutating func report() throws(Malformed) -> CheckerMessage.Report {
        let number = try integer(CheckerMessage.Number.self)
        let outcome: CheckResult.Outcome
        switch try integer(UInt8.self) {
        case 0: outcome = .up
        case 1: outcome = .down
        case 2: outcome = .unknown
        case 3: outcome = .weight(try integer())
        default: throw Malformed()
        }
        let duration = try duration()
        guard duration >= .zero else { throw Malformed() }
        return .init(number, CheckResult(outcome, reason: try reason(), duration: duration))
    }

    /// A text for people that is short and safe to show, whoever wrote it.
    mutating func reason() throws(Malformed) -> String {
        let text = try text()
        guard text.utf8.count <= Reason.limit, text.unicodeScalars.allSatisfy(\.isSafeToShow) else { throw Malformed() }
        return text
    }
}

/// What happened, on one line.
enum Reason {
    /// Bytes.
    static let limit = 200

    /// The text with everything escaped that is not safe to show, cut where it is too long.
    static func line(_ text: some StringProtocol) -> String {
        let shown = String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))).shown
        guard shown.utf8.count > limit else { return shown }
        var kept = shown.unicodeScalars.prefix(limit)
        while kept.reduce(0, { $0 + UTF8.width($1) }) > limit - 3 { kept.removeLast() }
        return String(kept) + "…"
    }
}
