import Agent
import Documents
import HealthChecks
import KubernetesAPI
import KubernetesObjects
import LoadBalancing
import Reconcile
import ServiceTranslation
import TestSupport
import Testing

@testable import Telemetry

/// The names, types, labels and meanings of metrics are what dashboards and alerts stand on: `Fixtures/metrics.txt` has
/// all of them, and the reference is made of it.
@Suite("The list of metrics") struct MetricsListTests {
    /// Labels whose values are names of the site, not words of ours.
    fileprivate static let openLabels: Set = [
        "check_up/check", "code", "host", "local_address", "local_mark", "local_port", "namespace", "override", "port",
        "proto", "real_server", "service", "source", "version", "virtual_server",
    ]

    fileprivate struct Family {
        var kind = ""
        var help = ""
        var labels: [(name: String, values: Set<String>)] = []
    }

    @Test("It is what is served") func list() throws {
        let families = Self.families(try exposition())
        let lines = families.sorted { $0.key < $1.key }.map { name, family in
            let labels = family.labels.map { label in
                label.values.isEmpty ? label.name : "\(label.name)=\(label.values.sorted().joined(separator: ","))"
            }
            return "\(name) | \(family.kind) | \(labels.joined(separator: " ")) | \(family.help)"
        }
        #expect(lines.count > 80)
        #expect(!families.values.contains { $0.kind.isEmpty || $0.help.isEmpty })
        #expect(KeptList("metrics.txt").differences(from: lines) == [])
    }

    @Test("The fields of the status are what they were") func status() throws {
        var samples = try Samples()
        let board = StatusBoard()
        board.record(samples.step())
        samples.kernel.setConnections(ConnectionCounts(active: 2, inactive: 1), of: Samples.old, in: Samples.web)
        samples.source.servers[0].realServers = [RealServer(Samples.new)]
        board.record(samples.step(changing: [Samples.web]), drains: samples.drains, refused: ["no"])
        let check = ServerCheck(.ping, rise: 1, fall: 1)
        let target = Override.Target(Samples.new.address)
        var verdicts = Verdicts(now: .now)
        verdicts.watch(samples.source.servers[0], by: HealthRules(checks: [check]), now: .now)
        let order = Override(.drain, of: target, since: .now, by: .init(user: 0, process: 1))
        _ = verdicts.put(order, about: samples.source.servers, now: .now)
        board.update { snapshot in
            snapshot.sources = [SourceStatus(name: "services")]
            snapshot.checks.verdicts = verdicts
            snapshot.inactive = [Samples.old.address: 1]
            snapshot.warnings = [TranslationWarning(ObjectName(namespace: "a", name: "b"), "no number")]
        }
        let status = try Document(json: Array(board.responder().text("/status").utf8))
        #expect(KeptList("status.txt").differences(from: status.fields()) == [])
    }

    /// Everything that an agent may serve.
    private func exposition() throws -> String {
        var samples = try Samples()
        let board = StatusBoard()
        let step = samples.step()
        guard case .success(let report) = step.result else {
            Issue.record("no report")
            return ""
        }
        board.record(step)
        board.takeOwned(report)
        let check = ServerCheck(.ping, rise: 1, fall: 1)
        var verdicts = Verdicts(now: .now)
        verdicts.watch(samples.source.servers[0], by: HealthRules(checks: [check]), now: .now)
        _ = verdicts.record(
            [(CheckSubject(check, of: Samples.old), CheckResult(.up, reason: "", duration: .zero))], now: .now)
        board.update { snapshot in
            snapshot.sources = [SourceStatus(name: "services")]
            snapshot.checks.verdicts = verdicts
            snapshot.metrics.kubeProxy.record([APIAnswer(host: "h", method: "GET", status: 200, delay: .zero)])
        }
        let figures = TrafficMetrics(
            samples.kernel.readState(statistics: false).virtualServers, owned: try samples.ledger().virtualServers)
        var rest = Exposition()
        try #require(KernelTraffic(text: "\n\n 1 2 3 4 5\n")).write(to: &rest)
        let target = Override.Target(Samples.old.address)
        Overrides([Override(.drain, of: target, since: .now, by: .init(user: 0, process: 1))])
            .write(to: &rest, limit: 10)
        return board.responder { figures }.text("/metrics") + rest.text
    }

    private static func families(_ text: String) -> [String: Family] {
        var families: [String: Family] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3)
            if line.hasPrefix("# HELP ") {
                families[String(words[2]), default: Family()].help = String(words[3])
            } else if line.hasPrefix("# TYPE ") {
                families[String(words[2]), default: Family()].kind = String(words[3])
            } else {
                var name = String(line.prefix { $0 != "{" && $0 != " " })
                if families[name] == nil {
                    for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
                        name.removeLast(suffix.count)
                    }
                }
                for label in line.matches(of: /([a-z_]+)="((?:[^"\\]|\\.)*)"/) where label.1 != "le" {
                    families[name]?.note(String(label.1), String(label.2), of: name)
                }
            }
        }
        return families
    }
}

extension MetricsListTests.Family {
    fileprivate mutating func note(_ name: String, _ value: String, of family: String) {
        let isOpen = MetricsListTests.openLabels.contains { $0 == name || "ipvsync_\($0)" == "\(family)/\(name)" }
        let values: Set<String> = isOpen ? [] : [value]
        if let index = labels.firstIndex(where: { $0.name == name }) {
            labels[index].values.formUnion(values)
        } else {
            labels.append((name, values))
        }
    }
}
