import Documents
import HealthChecks
import LoadBalancing
import Testing

@testable import Presentation

@Suite struct CheckViewTests {
    private func subject(_ number: UInt32, _ probe: ServerCheck.Probe = .ping) -> CheckSubject {
        CheckSubject(ServerCheck(probe), of: Endpoint(IPAddress(v4: 0x0A00_0000 + number), port: 80))
    }

    private func result(_ outcome: CheckResult.Outcome, _ reason: String) -> CheckResult {
        CheckResult(outcome, reason: reason, duration: .milliseconds(12))
    }

    @Test func rowsAreSortedAndTellTheReason() {
        let view = CheckView([
            (subject(2), result(.down, "no answer")), (subject(1, .tcp(nil)), result(.up, "connected")),
            (subject(1), result(.weight(7), "exit status 9")), (subject(3), nil),
        ])
        #expect(
            view.lines.map(\.text) == [
                "REAL SERVER  CHECK             RESULT     TIME  REASON",
                "10.0.0.1:80  ping 10.0.0.1:80  weight 7  12 ms  exit status 9",
                "10.0.0.1:80  tcp 10.0.0.1:80   up        12 ms  connected",
                "10.0.0.2:80  ping 10.0.0.2:80  down      12 ms  no answer",
                "10.0.0.3:80  ping 10.0.0.3:80  unknown          it was not made in time",
            ])
        #expect(!view.areAllUp)
        let rows = view.document["checks"]?.elements ?? []
        #expect(rows.map { $0["result"]?.string } == ["weight", "up", "down", "unknown"])
        #expect(rows.first?["weight"]?.count == 7 && rows[1]["weight"] == .null && rows[3]["seconds"] == .null)
    }

    @Test(arguments: [CheckResult.Outcome.up, .weight(1), .down, .unknown])
    func whatIsUpIsUp(_ outcome: CheckResult.Outcome) {
        let isUp = outcome == .up || outcome == .weight(1)
        #expect(CheckView([(subject(1), result(outcome, ""))]).areAllUp == isUp)
        #expect(CheckView([]).areAllUp)
    }

    @Test func anOrderByHandTellsWhatItDid() throws {
        let view = OverrideView([
            "overrides": [
                [
                    "kind": "weight", "weight": 5, "realServer": "10.0.0.1", "virtualServer": .null,
                    "remainingSeconds": .number(7200),
                ]
            ],
            "ended": [
                ["kind": "drain", "weight": .null, "realServer": "10.0.0.1:80", "virtualServer": "tcp 192.0.2.1:80"]
            ],
            "count": 30,
            "realServers": [["virtualServer": "tcp 192.0.2.1:80", "name": "web", "realServer": "10.0.0.1:80"]],
            "problem": "no space",
        ])
        #expect(
            view.lines.map(\.text) == [
                "weight 5 10.0.0.1 in all virtual servers, for 2h", "  10.0.0.1:80 in tcp 192.0.2.1:80 (web)",
                "  … and 29 more", "ended: drain 10.0.0.1:80 in tcp 192.0.2.1:80",
            ])
        #expect(view.problem == "no space")
    }

    @Test func overridesAndWeightsAreShown() {
        let status = AgentStatus([
            "overrides": [
                [
                    "kind": "drain", "weight": .null, "realServer": "10.0.0.1", "virtualServer": .null,
                    "virtualServers": 3, "since": "2026-01-31T23:59:00Z", "remainingSeconds": .number(60), "user": 0,
                    "process": 77,
                ]
            ],
            "weights": [
                [
                    "virtualServer": "tcp 192.0.2.1:80", "realServer": "10.0.0.1:80", "declared": 4, "effective": 0,
                    "reason": "drained by hand",
                ]
            ], "inactive": [["address": "192.0.2.7", "virtualServers": 2]],
        ])
        let now = 1_769_904_000.0
        let lines = StatusView(status, now: now).lines.map(\.text)
        for line in [
            "Not active: 2 virtual servers, for 192.0.2.7 is not on this node",
            "drain    10.0.0.1     all, 3 now      1m   1m       uid 0, pid 77",
            "tcp 192.0.2.1:80  10.0.0.1:80         4    0  drained by hand",
        ] {
            #expect(lines.contains(line), "\(line) in \(lines)")
        }
        #expect(OverrideListView(status, now: now).lines.count == 2)
        #expect(OverrideListView(AgentStatus(["pid": 1]), now: now).lines.map(\.text) == ["No override by hand."])
    }
}
