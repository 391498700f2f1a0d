// swift-format-ignore-file: NeverForceUnwrap

import Documents
import LoadBalancing
import Reconcile
import Testing

@testable import Presentation

@Suite struct TableViewTests {
    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let draining = Endpoint("198.51.100.2:8080")!
    private static let state = ObservedState(virtualServers: [
        ObservedVirtualServer(
            VirtualServer(
                web, scheduler: Scheduler("mh", flags: [.flag1]),
                persistence: Persistence(timeout: 5400, granularity: .mask(0xFFFF_FF00)), engine: "sip"),
            realServers: [
                ObservedRealServer(
                    RealServer(Endpoint("198.51.100.1:8080")!, upperThreshold: 9, lowerThreshold: 3),
                    connections: ConnectionCounts(active: 12, inactive: 3, persistent: 1)),
                ObservedRealServer(RealServer(draining, weight: 0)),
            ]),
        ObservedVirtualServer(
            VirtualServer(VirtualServerKey("fwmark 7 ipv6")!, scheduler: Scheduler("rr"), onePacket: true)),
    ])
    private static let ledger = Ledger(
        virtualServers: [web: Ledger.Ownership(name: "shop")], drains: [Ledger.DrainKey(web, draining): 40])

    @Test func theTableNamesOwnersConnectionsAndDrains() {
        let view = TableView(Self.state, ledger: Self.ledger, now: 100)
        #expect(
            view.lines(for: Terminal(showsColours: false)) == [
                "VIRTUAL SERVER          SCHEDULER         PERSISTENCE    OWNER    NAME",
                "  -> REAL SERVER        FORWARDING        WEIGHT  ACTIVE  INACTIVE  PERSISTENT  STATE",
                "tcp 192.0.2.1:80        mh (mh-fallback)  1h30m /24 sip  ipvsync  shop",
                "  -> 198.51.100.1:8080  masquerade (3…9)       1      12         3           1",
                "  -> 198.51.100.2:8080  masquerade             0       0         0           0  draining for 1m",
                "fwmark 7 ipv6           rr one-packet     -              foreign",
            ])
    }

    @Test func theDocumentHasTheSame() {
        let document = TableView(Self.state, ledger: Self.ledger, now: 100).document
        guard case .sequence(let servers)? = document["virtualServers"],
            case .sequence(let reals)? = servers[0]["realServers"]
        else {
            Issue.record("no virtual servers")
            return
        }
        #expect(servers[0]["name"] == "shop" && servers[1]["owner"] == "foreign")
        #expect(reals[0]["activeConnections"] == 12 && reals[1]["drainingSeconds"] == .unsigned(60))
    }

    @Test(arguments: [(0, "0s"), (59, "59s"), (60, "1m"), (5400, "1h30m"), (90_061, "1d1h1m1s")] as [(UInt64, String)])
    func durationsAreShort(_ seconds: UInt64, _ text: String) {
        #expect(DurationText.text(seconds) == text)
    }
}
