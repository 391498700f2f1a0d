// swift-format-ignore-file: NeverForceUnwrap

import Documents
import LoadBalancing
import Reconcile
import TestSupport
import Testing

@testable import Presentation

@Suite struct WatchFrameTests {
    private static let plain = Terminal(showsColours: false)
    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let leaving = Endpoint("198.51.100.2:80")!
    private static let ledger = Ledger(
        virtualServers: [web: Ledger.Ownership(name: "shop")], drains: [Ledger.DrainKey(web, leaving): 40])

    private static func counters(_ count: UInt64) -> TrafficStatistics {
        var statistics = TrafficStatistics()
        statistics.connections = count
        statistics.inboundBytes = count * 10_000
        return statistics
    }

    /// A virtual server of ours with a drain, and a foreign one that is busier.
    private static func state(_ count: UInt64) -> ObservedState {
        ObservedState(virtualServers: [
            ObservedVirtualServer(
                VirtualServer(web),
                realServers: [
                    ObservedRealServer(
                        RealServer(Endpoint("198.51.100.1:80")!),
                        connections: ConnectionCounts(active: 12, inactive: 3),
                        statistics: counters(count)),
                    ObservedRealServer(
                        RealServer(leaving, weight: 0), connections: ConnectionCounts(active: 1),
                        statistics: counters(2 * count)),
                ], statistics: counters(3 * count)),
            ObservedVirtualServer(VirtualServer(VirtualServerKey("fwmark 7")!), statistics: counters(5 * count)),
        ])
    }

    private static let table = RateTable(state(4), since: state(2), elapsed: .seconds(2))

    private static func change(_ number: Int, _ message: String) -> AgentStatus.Change {
        AgentStatus.Change([
            "number": .integer(Int64(number)), "time": "2026-01-31T11:59:58.500Z", "message": .string(message),
            "virtualServer": "tcp 192.0.2.1:80", "realServer": "198.51.100.1:80",
        ])
    }

    private func frame(
        _ agent: WatchFrame.Agent? = nil, order: RateTable.Order = .rate, changes: Int = 0
    ) -> WatchFrame {
        let status = AgentStatus([
            "node": "n1",
            "health": [
                "status": "degraded", "checks": [["name": "files", "status": "degraded", "reason": "web.yaml:1: no"]],
            ],
            "table": [
                "virtualServers": 1, "realServers": 2, "drainingRealServers": 1, "foreignVirtualServers": 1,
            ],
        ])
        return WatchFrame(
            agent: agent ?? .running(status), table: Self.table, ledger: Self.ledger, now: 100,
            time: "2026-01-31T12:00:00.000Z", interval: 2, order: order,
            changes: (0..<changes).map { Self.change($0, "real server added") })
    }

    private func lines(_ frame: WatchFrame, _ width: Int, _ height: Int) -> [String] {
        frame.lines(WatchFrame.Size(width: width, height: height)).map(Self.plain.show)
    }

    @Test func aPictureHasHeadTableAndChanges() {
        #expect(
            lines(frame(changes: 2), 120, 15) == [
                "12:00:00Z  ipvsync on n1: degraded, 1 virtual server, 2 real servers, 1 draining, 1 foreign; every 2s, q ends",
                "  files: web.yaml:1: no",
                "",
                "VIRTUAL SERVER           CONN/s  PKT IN/s  PKT OUT/s  B IN/s  B OUT/s  ACTIVE  INACT  WEIGHT  STATE",
                "fwmark 7                    5.0         0          0   50.0k        0       0      0          foreign",
                "tcp 192.0.2.1:80 (shop)     3.0         0          0   30.0k        0      13      3",
                "  -> 198.51.100.2:80        2.0         0          0   20.0k        0       1      0       0  draining for 1m",
                "  -> 198.51.100.1:80        1.0         0          0   10.0k        0      12      3       1",
                "", "", "",
                "",
                "LATEST CHANGES",
                "11:59:58  real server added  tcp 192.0.2.1:80  198.51.100.1:80",
                "11:59:58  real server added  tcp 192.0.2.1:80  198.51.100.1:80",
            ])
    }

    @Test func withoutAnAgentTheTableStandsAlone() {
        let lines = lines(frame(.absent("no agent runs"), order: .name), 120, 10)
        #expect(lines[0] == "12:00:00Z  ipvsync: 2 virtual servers, 2 real servers; every 2s, q ends")
        #expect(lines[1] == "  no agent runs")
        #expect(lines[4].hasPrefix("tcp 192.0.2.1:80 (shop)") && lines[5].hasPrefix("  -> 198.51.100.1:80"))
        #expect(lines.count == 8)
    }

    @Test func narrowTerminalsAreNotToldOfPackets() {
        let lines = lines(frame(), 80, 24)
        #expect(
            lines[3] == "VIRTUAL SERVER           CONN/s  B IN/s  B OUT/s  ACTIVE  INACT  WEIGHT  STATE")
        #expect(lines[6].hasSuffix("…") && lines[6].count == 80)
    }

    @Test(arguments: [0, 1, 2, 3, 5, 7, 8, 10, 24, 300], [0, 1, 2, 20, 80, 400])
    func nothingIsLargerThanTheTerminal(_ height: Int, _ width: Int) {
        for changes in [0, 1, 40] {
            for agent in [nil, WatchFrame.Agent.absent("no agent")] {
                let lines = lines(frame(agent, changes: changes), width, height)
                #expect(lines.count <= height)
                #expect(lines.allSatisfy { $0.count <= width })
            }
        }
    }

    @Test func rowsThatHaveNoRoomAreCounted() {
        let lines = lines(frame(), 120, 6)
        #expect(lines.count == 6)
        #expect(
            lines[3].hasPrefix("VIRTUAL SERVER") && lines[4].hasPrefix("fwmark 7") && lines[5] == "… and 3 more rows")
    }

    @Test func eventsAreLinesAndDocuments() throws {
        let events = WatchEvent.traffic(Self.table, order: .name, ledger: Self.ledger, time: "T")
        #expect(
            events.map { $0.line.text } == [
                "T  traffic  tcp 192.0.2.1:80 (shop)  3.0 connections/s, 0 packets in/s, 0 packets out/s, "
                    + "30.0k bytes in/s, 0 bytes out/s, 13 active, 3 inactive",
                "T  traffic  fwmark 7  5.0 connections/s, 0 packets in/s, 0 packets out/s, 50.0k bytes in/s, "
                    + "0 bytes out/s, 0 active, 0 inactive",
            ])
        #expect(events[0].document["name"] == "shop" && events[0].document["connectionsPerSecond"] == .number(3))
        let idle = RateTable(Self.state(4), since: Self.state(4), elapsed: .seconds(2))
        #expect(WatchEvent.traffic(idle, order: .rate, ledger: Self.ledger, time: "T").isEmpty)
        let change = WatchEvent.change(Self.change(3, "real server removed"))
        #expect(
            change.line.text
                == "2026-01-31T11:59:58.500Z  real server removed  tcp 192.0.2.1:80  198.51.100.1:80")
        #expect(change.document["kind"] == "change" && change.document["number"] == 3)
        let agent = WatchEvent.agent("absent", reason: "none", time: "T")
        #expect(agent.line.text == "T  agent absent  none" && agent.document["state"] == "absent")
        let all = Document.sequence((events + [change, agent, .missed(3, time: "T")]).map(\.document))
        #expect(KeptList("watch.txt").differences(from: all.fields()) == [])
    }
}
