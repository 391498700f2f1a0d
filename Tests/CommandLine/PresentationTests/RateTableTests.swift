// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Testing

@testable import Presentation

@Suite struct RateTableTests {
    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let dns = VirtualServerKey("udp 192.0.2.1:53")!

    private func counters(_ connections: UInt64, bytes: UInt64 = 0) -> TrafficStatistics {
        var statistics = TrafficStatistics()
        statistics.connections = connections
        statistics.inboundPackets = connections * 10
        statistics.inboundBytes = bytes
        return statistics
    }

    private func state(_ counters: TrafficStatistics?, reals: [String: TrafficStatistics] = [:]) -> ObservedState {
        ObservedState(virtualServers: [
            ObservedVirtualServer(
                VirtualServer(Self.web),
                realServers: reals.sorted { $0.key < $1.key }.map {
                    ObservedRealServer(
                        RealServer(Endpoint($0.key)!), connections: ConnectionCounts(active: 2, inactive: 1),
                        statistics: $0.value)
                }, statistics: counters)
        ])
    }

    @Test func ratesAreDifferencesOverTheTime() throws {
        let table = RateTable(
            state(counters(30, bytes: 5000)), since: state(counters(20, bytes: 1000)), elapsed: .seconds(4))
        let rates = try #require(table.virtualServers[0].rates)
        #expect(rates.connections == 2.5 && rates.inboundPackets == 25 && rates.inboundBytes == 1000)
        #expect(!rates.isIdle && rates.outboundBytes == 0)
    }

    @Test func zeroedCountersAreNeverNegative() throws {
        // Zeroed between the looks: the packets are beyond what they were, the connections are not.
        var now = counters(4)
        now.inboundPackets = 1000
        let table = RateTable(state(now), since: state(counters(20)), elapsed: .seconds(2))
        let rates = try #require(table.virtualServers[0].rates)
        #expect(rates.connections == 2 && rates.inboundPackets == 500 && rates.values.allSatisfy { $0 >= 0 })
    }

    @Test func aRealServerThatCameHasNoRatesYetAndOneThatWentIsGone() {
        let before = state(counters(1), reals: ["198.51.100.1:80": counters(1), "198.51.100.2:80": counters(1)])
        let now = state(counters(5), reals: ["198.51.100.2:80": counters(3), "198.51.100.3:80": counters(900)])
        let reals = RateTable(now, since: before, elapsed: .seconds(2)).virtualServers[0].realServers
        #expect(reals.map(\.endpoint.description) == ["198.51.100.2:80", "198.51.100.3:80"])
        #expect(reals[0].rates?.connections == 1)
        #expect(reals[1].rates == nil)
    }

    @Test func theFirstLookHasNoRatesButConnections() {
        let table = RateTable(
            state(counters(5), reals: ["198.51.100.1:80": counters(5), "198.51.100.2:80": counters(5)]), since: nil,
            elapsed: .zero)
        #expect(table.virtualServers[0].rates == nil)
        #expect(table.virtualServers[0].active == 4 && table.virtualServers[0].inactive == 2)
        // The same moment twice is no time to divide by.
        #expect(TrafficRates(counters(1), since: counters(1), elapsed: .zero) == nil)
    }

    @Test func theBusiestComeFirstAndThoseWithoutRatesLast() {
        let mark = VirtualServerKey("fwmark 7")!
        func state(_ values: [(VirtualServerKey, UInt64)]) -> ObservedState {
            ObservedState(
                virtualServers: values.map {
                    ObservedVirtualServer(VirtualServer($0.0), statistics: counters(0, bytes: $0.1))
                })
        }
        let table = RateTable(
            state([(Self.dns, 900), (Self.web, 100), (mark, 9999)]), since: state([(Self.dns, 0), (Self.web, 0)]),
            elapsed: .seconds(1))
        #expect(table.sorted(by: .rate).map(\.key) == [Self.dns, Self.web, mark])
        #expect(table.sorted(by: .name).map(\.key) == [Self.dns, Self.web, mark].sorted())
        // What is equally busy keeps the table's order.
        let idle = RateTable(state([(Self.web, 0), (Self.dns, 0)]), since: nil, elapsed: .zero)
        #expect(idle.sorted(by: .rate).map(\.key) == [Self.dns, Self.web].sorted())
    }

    @Test func aWindowComparesWithALookThatIsOldEnough() {
        var window = RateWindow()
        let start = ContinuousClock.now
        #expect(window.sample(state(counters(0)), at: start).virtualServers[0].rates == nil)
        // The oldest there is, then the youngest of 1.9 s and more.
        for (second, connections, rate) in [(1, 0, 0), (2, 40, 20), (3, 40, 20), (4, 40, 0)] as [(Int, UInt64, Double)]
        {
            let table = window.sample(state(counters(connections)), at: start + .seconds(second))
            #expect(table.virtualServers[0].rates?.connections == rate, "second \(second)")
        }
    }

    @Test(
        arguments: [
            (nil, "-"), (0, "0"), (0.04, "0.1"), (0.5, "0.5"), (9.94, "9.9"), (9.96, "10"), (42.4, "42"),
            (9999.4, "9999"),
            (9999.6, "10.0k"), (12_345, "12.3k"), (99_960, "100k"), (999_960, "1.0M"), (4.56e9, "4.6G"),
            (1.2e12, "1.2T"), (1e30, "1000000000000000P"), (.infinity, "-"), (-1, "-"),
        ] as [(Double?, String)])
    func ratesAreShort(_ rate: Double?, _ text: String) {
        #expect(RateText.text(rate) == text)
    }
}
