internal import Configuration
internal import Documents
package import HealthChecks
internal import LoadBalancing
internal import Synchronization

/// Keeps what is known of real servers over restarts of the agent, in a file beside the ledger.
///
/// It ends with the boot, as the ledger does. Without it nothing is lost but time: every check answers again.
package struct VerdictStore: Sendable {
    private let directory: String
    private let identity: StateIdentity

    package init(directory: String, identity: StateIdentity) {
        self.directory = directory
        self.identity = identity
    }

    package var path: String { "\(directory)/health-\(identity.namespace)" }

    private var file: StateFile { StateFile(path: path) }

    /// Replaces what is kept.
    package func save(_ verdicts: Verdicts, now: ContinuousClock.Instant = .now) throws(StateError) {
        try StateFile.makeDirectory(directory)
        let text = VerdictFormat.render(verdicts, identity, now: now, bootMilliseconds: BootClock().milliseconds)
        try file.replace(with: Array(text.utf8))
    }

    /// What was kept; a file of another boot says nothing. One that makes no sense is put aside.
    ///
    /// - Returns: With why nothing of the file is used, and whether there was one.
    package func load(now: ContinuousClock.Instant = .now) -> (Recollection, problem: StateError?, isKnown: Bool) {
        do throws(StateError) {
            guard let text = try file.read() else { return (Recollection(), nil, false) }
            switch VerdictFormat.parse(text, identity, now: now, bootMilliseconds: BootClock().milliseconds) {
            case .verdicts(let recollection): return (recollection, nil, true)
            case .otherIdentity: return (Recollection(), nil, false)
            case .corrupt(let line):
                try file.setAside()
                let remedy = "it was kept as \(path).corrupt; real servers count as up until they are checked"
                return (Recollection(), StateError(.corrupt(line: line), path: path, remedy: remedy), false)
            }
        } catch {
            return (Recollection(), error, false)
        }
    }
}

/// Verdicts as lines of text, their fields separated by tabs: a heading, each check once, what it says of real servers,
/// virtual servers without a quorum, and at the end the number of these lines.
package enum VerdictFormat {
    private static let heading = "ipvsync verdicts 1"

    package enum Outcome {
        case verdicts(Recollection)
        /// It belongs to another boot or another network namespace, and says nothing of this one.
        case otherIdentity
        case corrupt(line: Int)
    }

    /// - Parameter boot: The time since boot, in milliseconds: times in the file are counted from there.
    package static func render(
        _ verdicts: Verdicts, _ identity: StateIdentity, now: ContinuousClock.Instant, bootMilliseconds boot: UInt64
    ) -> String {
        var numbers: [ServerCheck: Int] = [:]
        var (definitions, records) = ("", "")
        var count = 0
        for (subject, verdict) in verdicts.all where verdict.state != .unknown {
            let number: Int
            if let known = numbers[subject.check] {
                number = known
            } else {
                number = numbers.count
                numbers[subject.check] = number
                definitions += "check\t\(number)\t\(text(of: subject.check))\n"
            }
            let age = UInt64(max(0, verdict.since.duration(to: now) / .milliseconds(1)))
            records += "\(verdict.state.rawValue)\t\(number)\t\(subject.realServer)\t\(boot - min(age, boot))\t"
            records += "\(verdict.hasRecovered ? 1 : 0)\t\(verdict.weight.map { "\($0)" } ?? "")\t"
            records += "\(verdict.reason.filter { !$0.isNewline && $0 != "\t" })\n"
            count += 1
        }
        let lost = verdicts.lostQuorums.sorted()
        for key in lost { records += "lost\t\(key)\n" }
        return "\(heading)\t\(identity.boot)\t\(identity.namespace)\n" + definitions + records
            + "end\t\(numbers.count + count + lost.count)\n"
    }

    /// What tells one check from another: as it is written in a configuration, on one line.
    fileprivate static func text(of check: ServerCheck) -> String {
        check.document.json(pretty: false).filter { !$0.isNewline && $0 != "\t" }
    }

    package static func parse(
        _ text: String, _ identity: StateIdentity, now: ContinuousClock.Instant, bootMilliseconds boot: UInt64
    ) -> Outcome {
        let lines = text.split(separator: "\n")
        let head = lines.first?.split(separator: "\t", omittingEmptySubsequences: false) ?? []
        guard head.count == 3, head[0] == heading else { return .corrupt(line: 1) }
        guard lines.last == "end\t\(lines.count - 2)" else { return .corrupt(line: lines.count) }
        guard head[1] == identity.boot, head[2] == identity.namespace else { return .otherIdentity }
        let memory = Memory(now: now, boot: boot)
        for (index, line) in lines.enumerated().dropFirst().dropLast() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard memory.read(fields) else { return .corrupt(line: index + 1) }
        }
        return .verdicts(Recollection(lostQuorums: memory.lost) { memory.verdict(of: $0) })
    }

    /// What a file holds.
    private final class Memory: Sendable {
        private struct Content {
            var checks: [String: Int] = [:]
            var verdicts: [Int: [Endpoint: Verdict]] = [:]
            var lost: Set<VirtualServerKey> = []
            /// Numbers of checks that have been looked up; `nil` for one that is not there.
            var found: [ServerCheck: Int?] = [:]
        }

        private let content = Mutex(Content())
        private let now: ContinuousClock.Instant
        private let boot: UInt64

        init(now: ContinuousClock.Instant, boot: UInt64) {
            self.now = now
            self.boot = boot
        }

        var lost: Set<VirtualServerKey> { content.withLock(\.lost) }

        func verdict(of subject: CheckSubject) -> Verdict? {
            content.withLock { content in
                let number: Int?
                if let found = content.found[subject.check] {
                    number = found
                } else {
                    number = content.checks[text(of: subject.check)]
                    content.found[subject.check] = .some(number)
                }
                return number.flatMap { content.verdicts[$0]?[subject.realServer] }
            }
        }

        /// Takes in a record; says whether it makes sense.
        func read(_ fields: [Substring]) -> Bool {
            content.withLock { content in
                switch (fields.first, fields.count) {
                case ("check", 3):
                    guard let number = Int(fields[1]), number == content.checks.count else { return false }
                    return content.checks.updateValue(number, forKey: String(fields[2])) == nil
                case ("lost", 2): return VirtualServerKey(fields[1]).map { content.lost.insert($0).inserted } ?? false
                case ("up", 7), ("down", 7): return readVerdict(fields, &content)
                default: return false
                }
            }
        }

        private func readVerdict(_ fields: [Substring], _ content: inout Content) -> Bool {
            guard let state = Verdict.State(rawValue: String(fields[0])), let number = Int(fields[1]),
                content.checks.count > number, number >= 0, let endpoint = Endpoint(fields[2]),
                let since = UInt64(fields[3]), since <= boot, fields[4] == "0" || fields[4] == "1",
                fields[5].isEmpty || UInt32(fields[5]).map({ $0 <= RealServer.maximumWeight }) ?? false,
                fields[6].utf8.count <= 400
            else { return false }
            let verdict = Verdict(
                state, since: now - .milliseconds(Int64(clamping: boot - since)), hasRecovered: fields[4] == "1",
                weight: UInt32(fields[5]), reason: String(fields[6]))
            return content.verdicts[number, default: [:]].updateValue(verdict, forKey: endpoint) == nil
        }
    }
}

extension LedgerStore {
    /// What is known of real servers.
    package var verdicts: VerdictStore { VerdictStore(directory: directory, identity: identity) }
}

extension BootClock {
    /// Whole milliseconds since boot.
    var milliseconds: UInt64 { UInt64(max(0, time / .milliseconds(1))) }
}
