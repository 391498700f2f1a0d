import Agent
import Documents
import HealthChecks
import LoadBalancing
import Testing

@testable import Telemetry

@Suite struct CheckMetricsTests {
    private let start = ContinuousClock.now
    private let check = ServerCheck(.ping, rise: 1, fall: 1)
    private let key = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0201), port: 80))

    private func subject(_ number: UInt32) -> CheckSubject {
        CheckSubject(check, of: Endpoint(IPAddress(v4: 0x0A00_0000 + number), port: 80))
    }

    private func result(_ outcome: CheckResult.Outcome) -> CheckResult {
        CheckResult(outcome, reason: "no answer", duration: .milliseconds(12))
    }

    /// One that is up, one that is down, one of which nothing is known; the quorum is lost.
    private func board() -> StatusBoard {
        var rules = HealthRules(checks: [check])
        rules.quorum = 2
        let farm = DesiredVirtualServer(
            VirtualServer(key), realServers: (1...3).map { RealServer(subject(UInt32($0)).realServer) })
        var verdicts = Verdicts(now: start)
        verdicts.watch(farm, by: rules, now: start)
        let first = verdicts.record([(subject(1), result(.up)), (subject(2), result(.down))], now: start)
        let second = verdicts.record([(subject(3), result(.down))], now: start)
        let third = verdicts.record([(subject(3), result(.unknown))], now: start)
        let board = StatusBoard()
        board.update { snapshot in
            snapshot.checks.verdicts = verdicts
            snapshot.checks.metrics.take(first, [result(.up), result(.down)], lateness: .milliseconds(7))
            snapshot.checks.metrics.take(second, [result(.down)], lateness: nil)
            snapshot.checks.metrics.take(third, [result(.unknown), result(.weight(3))], lateness: nil)
            snapshot.checks.hooks.failed = 4
        }
        return board
    }

    private func text(_ board: StatusBoard, limit: Int = 10) -> String {
        TelemetryResponder(board, trafficLimit: limit, bootSeconds: { 0 }, traffic: { nil }).text("/metrics")
    }

    @Test func checksAreCountedByStateOutcomeAndTransition() {
        let text = text(board())
        for line in [
            #"ipvsync_checks{state="up"} 1"#, #"ipvsync_checks{state="down"} 2"#, #"ipvsync_checks{state="unknown"} 0"#,
            #"ipvsync_check_transitions_total{state="up"} 1"#, #"ipvsync_check_transitions_total{state="down"} 2"#,
            #"ipvsync_check_attempts_total{outcome="up"} 2"#, #"ipvsync_check_attempts_total{outcome="down"} 2"#,
            #"ipvsync_check_attempts_total{outcome="unknown"} 1"#, "ipvsync_check_duration_seconds_count 5",
            "ipvsync_check_lateness_seconds 0.007", "ipvsync_virtual_servers_without_quorum 1",
            "ipvsync_quorums_lost_total 1", #"ipvsync_hooks_total{result="failed"} 4"#,
            #"ipvsync_check_up{real_server="10.0.0.1:80",check="ping 10.0.0.1:80"} 1"#,
            #"ipvsync_check_up{real_server="10.0.0.2:80",check="ping 10.0.0.2:80"} 0"#,
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
    }

    @Test func nothingIsToldOfSingleOnesAboveTheLimit() {
        #expect(!text(board(), limit: 2).contains("ipvsync_check_up{"))
        #expect(text(board(), limit: 3).contains("ipvsync_check_up{"))
    }

    @Test func theStatusListsWhatIsDownFirst() {
        let checks = board().current.document(bootSeconds: 0)["checks"]
        #expect(checks?["up"]?.count == 1 && checks?["down"]?.count == 2)
        #expect(checks?["lostQuorums"]?.elements.compactMap(\.string) == ["tcp 192.0.2.1:80"])
        let rows = checks?["list"]?.elements ?? []
        #expect(rows.map { $0["state"]?.string } == ["down", "down", "up"])
        #expect(rows.first?["reason"]?.string == "no answer" && rows.first?["lastSeconds"]?.double == 0.012)
    }

    @Test func theLatestChangesTellOfWhatChecksFind() {
        let board = board()
        let record = ChangeRecord(
            "real server down", virtualServer: "\(key)", realServer: "10.0.0.2:80", detail: "ping: no answer")
        board.update { $0.note([record], of: 3) }
        let changes = board.current.document(bootSeconds: 0)["changes"]
        #expect(changes?["total"]?.count == 3)
        let latest = changes?["latest"]?.elements ?? []
        #expect(latest.map { $0["number"]?.count } == [3] && latest.first?["message"]?.string == "real server down")
        #expect(latest.first?["detail"]?.string == "ping: no answer")
    }
}
