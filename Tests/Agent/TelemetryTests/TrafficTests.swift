// swift-format-ignore-file: NeverForceUnwrap

import Agent
import LoadBalancing
import Reconcile
import Synchronization
import TestSupport
import Testing

@testable import Telemetry

@Suite struct TrafficTests {
    private final class Clock: Sendable {
        private let time = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { time.withLock { $0 } }
        func advance(_ duration: Duration) { time.withLock { $0 += duration } }
    }

    /// Ten scrapers cost as one.
    @Test func whoAsksAgainWithinASecondIsGivenTheSame() {
        let clock = Clock()
        let reads = Atomic<Int>(0)
        let cache = TrafficCache(now: { clock.now }) {
            reads.add(1, ordering: .relaxed)
            return TrafficMetrics([], owned: [:])
        }
        for _ in 0..<10 { #expect(cache.current() != nil) }
        #expect(reads.load(ordering: .relaxed) == 1)
        clock.advance(.milliseconds(999))
        _ = cache.current()
        #expect(reads.load(ordering: .relaxed) == 1)
        clock.advance(.milliseconds(1))
        _ = cache.current()
        #expect(reads.load(ordering: .relaxed) == 2)
    }

    /// What cannot be read is not tried by each of them.
    @Test func aFailureIsKeptToo() {
        let reads = Atomic<Int>(0)
        let clock = Clock()
        let cache = TrafficCache(now: { clock.now }) {
            reads.add(1, ordering: .relaxed)
            return nil
        }
        for _ in 0..<10 { #expect(cache.current() == nil) }
        #expect(reads.load(ordering: .relaxed) == 1)
    }

    /// The board knows what is the agent's by its syncs alone.
    @Test func theBoardFollowsWhatIsOurs() throws {
        var samples = try Samples()
        let board = StatusBoard()
        func step(_ keys: [VirtualServerKey] = []) throws {
            try board.takeOwned(samples.step(changing: keys).result.get())
            #expect(try board.ownedVirtualServers(atMost: 10) == samples.ledger().virtualServers)
        }
        try step()
        #expect(board.ownedVirtualServers(atMost: 10)?[Samples.web]?.name == "shop/web:http")
        let dns = VirtualServerKey("udp 192.0.2.2:53")!
        samples.source.servers.append(DesiredVirtualServer(VirtualServer(dns), name: "shop/dns"))
        try step([dns])
        #expect(board.ownedVirtualServers(atMost: 10)?.count == 2 && board.ownedVirtualServers(atMost: 1) == nil)
        samples.source.servers[1].name = "shop/names"
        try step([dns])
        samples.source.servers.removeLast()
        try step([dns])
        #expect(board.ownedVirtualServers(atMost: 1)?.count == 1)
        // The next verification looks at everything.
        try step()
    }

    @Test func totalsOfTheKernelAreRead() throws {
        let text = """
               Total Incoming Outgoing         Incoming         Outgoing
               Conns  Packets  Packets            Bytes            Bytes
                  1A     1F40      FFF 0000000123456789              ABC

             Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
                   0        0        0                0                0

            """
        let total = try #require(KernelTraffic(text: text)).total
        #expect(total.connections == 26 && total.inboundPackets == 8_000 && total.outboundPackets == 4_095)
        #expect(total.inboundBytes == 0x1_2345_6789 && total.outboundBytes == 0xABC)
    }

    @Test(arguments: ["", "\n\n\n", "a\nb\n1 2 3 4", "a\nb\n1 2 3 4 x", "a\nb\n1 2 3 4 11111111111111111"])
    func otherTextIsNone(text: String) { #expect(KernelTraffic(text: text) == nil) }
}
