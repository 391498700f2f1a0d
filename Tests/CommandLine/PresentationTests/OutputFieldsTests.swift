// swift-format-ignore-file: NeverForceUnwrap

import Documents
import LoadBalancing
import Reconcile
import TestSupport
import Testing

@testable import Agent
@testable import Presentation

/// Scripts read what `--output json` prints: fields that were there stay, with their types.
@Suite("Fields of output for programs") struct OutputFieldsTests {
    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let endpoint = Endpoint("198.51.100.1:80")!

    @Test("The table's") func table() throws {
        let status = AgentStatus(
            try Document(
                json: Array(
                    """
                    {"checks": {"list": [{"realServer": "198.51.100.1:80", "check": "ping", "state": "down",
                       "since": "2026-01-31T11:57:00.000Z", "reason": "no answer"}]},
                     "weights": [{"virtualServer": "tcp 192.0.2.1:80", "realServer": "198.51.100.1:80",
                       "declared": 3, "effective": 0, "reason": "no answer"}]}
                    """.utf8)))
        let server = ObservedVirtualServer(
            VirtualServer(
                Self.web, persistence: Persistence(timeout: 60, granularity: .mask(0xFFFF_FF00)), engine: "sip"),
            realServers: [ObservedRealServer(RealServer(Self.endpoint), statistics: TrafficStatistics())],
            statistics: TrafficStatistics())
        var state = ObservedState(virtualServers: [server])
        state.syncDaemons = [SyncDaemon(role: .master, interface: "eth0", syncID: 1)]
        let view = TableView(
            state,
            ledger: Ledger(
                virtualServers: [Self.web: Ledger.Ownership(name: "web")],
                drains: [Ledger.DrainKey(Self.web, Self.endpoint): 40]),
            now: 100, checks: status.realServerChecks.rows, weights: status.weights)
        #expect(KeptList("show.txt").differences(from: view.document.fields()) == [])
    }

    @Test("A plan's, and a sync's") func plan() throws {
        for isPreview in [true, false] {
            let document = try PlanViewTests().view(isPreview: isPreview).document
            let name = isPreview ? "plan.txt" : "once.txt"
            #expect(KeptList(name).differences(from: document.fields()) == [])
        }
    }
}
