// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Testing

@testable import IPVS

/// The text of `/proc/net/ip_vs`, as Linux 6.1 wrote it.
@Suite struct TableListingTests {
    private static let head = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port Forward Weight ActiveConn InActConn

        """

    /// Fills the last columns with spaces as the kernel does.
    private func parse(_ lines: String, ticksPerSecond: UInt32 = 250) -> [ListedVirtualServer]? {
        let lines = lines.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.hasPrefix("  ->"), let last = line.split(separator: " ").last else { return String(line) }
            return line + String(repeating: " ", count: max(0, 10 - last.count))
        }
        return TableListing.parse(
            Array((Self.head + lines.joined(separator: "\n") + "\n").utf8), ticksPerSecond: ticksPerSecond)
    }

    @Test func anEmptyTable() {
        #expect(TableListing.parse(Array(Self.head.utf8), ticksPerSecond: 250) == [])
        #expect(TableListing.parse([], ticksPerSecond: 250) == [])
    }

    @Test func everyKindOfLine() throws {
        let found = try #require(
            parse(
                """
                TCP  C0000201:0050 wrr persistent 21600000 FFFFFF00
                  -> C6336402:0050      Route   0      3          12345678
                  -> C6336401:1F90      Masq    2147483647 0          0
                UDP  C0000201:0035 rr ops
                TCP  [2001:0db8:0000:0000:fedc:ba98:7654:3210]:01BB sh persistent 250 40000000
                  -> [2001:0db8:0000:00ff:0000:0000:0000:0007]:01BB      Tunnel  1      0          0
                FWM  0000002A rr
                  -> C6336401:0000      Local   1      0          0
                """))
        let web = DesiredVirtualServer(
            VirtualServer(
                VirtualServerKey("tcp 192.0.2.1:80")!, scheduler: Scheduler("wrr"),
                persistence: Persistence(timeout: 86_400, granularity: .mask(0xFFFF_FF00))),
            realServers: [
                RealServer(Endpoint("198.51.100.1:8080")!, weight: .max >> 1),
                RealServer(Endpoint("198.51.100.2:80")!, forwarding: .direct, weight: 0),
            ])
        let dns = DesiredVirtualServer(
            VirtualServer(VirtualServerKey("udp 192.0.2.1:53")!, scheduler: Scheduler("rr"), onePacket: true))
        let v6 = DesiredVirtualServer(
            VirtualServer(
                VirtualServerKey("tcp [2001:db8::fedc:ba98:7654:3210]:443")!, scheduler: Scheduler("sh"),
                persistence: Persistence(timeout: 1, granularity: .prefix(64))),
            realServers: [RealServer(Endpoint("[2001:db8:0:ff::7]:443")!, forwarding: .tunnel(.gre(checksum: .none)))])
        let mark = DesiredVirtualServer(
            VirtualServer(.firewallMark(42, .ipv6), scheduler: Scheduler("rr")),
            realServers: [RealServer(Endpoint("198.51.100.1:0")!, forwarding: .local)])
        #expect(found == [web, dns, v6, mark].map { ListedVirtualServer(observed($0)) })
        #expect(found.map(\.realServers) == [2, 0, 1, 1])
    }

    @Test func whatOthersLeaveIsListed() throws {
        let found = try #require(
            parse(
                """
                IP  C0000201:0050 rr
                IP_47  C0000201:0050 rr
                ICMP  C0000201:0050 none
                ICMPv6  [2001:0db8:0000:0000:0000:0000:0000:0001]:0000 rr persistent -294967296 80000000
                IP_65535  C0000201:0050 rr persistent 4000000000 FFFFFFFF
                  -> C6336401:0050      Masq    1      0          0
                """))
        #expect(
            found.map(\.key.description) == [
                "protocol-0 192.0.2.1:80", "protocol-47 192.0.2.1:80", "protocol-1 192.0.2.1:80",
                "protocol-58 [2001:db8::1]:0", "protocol-65535 192.0.2.1:80",
            ])
        let server = VirtualServer(
            VirtualServerKey("protocol-58 [2001:db8::1]:0")!, scheduler: Scheduler("rr"),
            persistence: Persistence(timeout: 16_000_000, granularity: .prefix(128)))
        #expect(found[3] == ListedVirtualServer(ObservedVirtualServer(server)))
        #expect(parse("IP_65536  C0000201:0050 rr") == nil && parse("IP_  C0000201:0050 rr") == nil)
    }

    private func observed(_ server: DesiredVirtualServer) -> ObservedVirtualServer {
        ObservedVirtualServer(server.virtualServer, realServers: server.realServers.map { ObservedRealServer($0) })
    }

    /// Whatever a line shows makes a difference, except connections.
    @Test(arguments: [
        ("wrr persistent 250 FFFFFFFF", "rr persistent 250 FFFFFFFF"),
        ("wrr persistent 250 FFFFFFFF", "wrr persistent 500 FFFFFFFF"),
        ("wrr persistent 250 FFFFFFFF", "wrr persistent 251 FFFFFFFF"),
        ("wrr persistent 250 FFFFFFFF", "wrr persistent 250 FFFFFF00"), ("wrr persistent 250 FFFFFFFF", "wrr "),
        ("rr ops ", "rr "), ("wrr", "rrw"),
        ("rr\n  -> C6336401:1F90      Masq    1      0          0", "rr"),
        (
            "rr\n  -> C6336401:1F90      Masq    1      0          0",
            "rr\n  -> C6336401:1F90      Masq    2      0          0"
        ),
        (
            "rr\n  -> C6336401:1F90      Masq    1      0          0",
            "rr\n  -> C6336401:1F91      Masq    1      0          0"
        ),
        (
            "rr\n  -> C6336401:1F90      Masq    1      0          0",
            "rr\n  -> C6336402:1F90      Masq    1      0          0"
        ),
        (
            "rr\n  -> C6336401:1F90      Masq    1      0          0",
            "rr\n  -> C6336401:1F90      Route   1      0          0"
        ),
    ])
    func differences(_ pair: (String, String)) throws {
        let found = [pair.0, pair.1].compactMap { parse("TCP  C0000201:0050 \($0)")?.first?.fingerprint }
        #expect(found.count == 2 && found[0] != found[1])
    }

    @Test func connectionsMakeNoDifference() {
        let lines = ["0          0", "17         2147483647", "2147483647 2147483647"].map {
            parse("TCP  C0000201:0050 rr\n  -> C6336401:1F90      Masq    1      \($0)")
        }
        #expect(lines[0] != nil && lines[0] == lines[1] && lines[1] == lines[2])
    }

    @Test(arguments: [
        "nonsense", "TCP  C0000201:0050", "TCP  C0000201:0050 ", "TCP  C000020:0050 rr", "TCP  C0000201:005 rr",
        "XYZ  C0000201:0050 rr", "TCP  [2001:0db8:0000:0000:fedc:ba98:7654]:01BB rr",
        "TCP  C0000201:0050 rr persistent",
        "TCP  C0000201:0050 rr persistent 1 2", "TCP  C0000201:0050 rr and more",
        "  -> C6336401:1F90      Masq    1      0          0", "TCP  C0000201:0050 rr\n  -> C6336401:1F90Masq100",
        "TCP  C0000201:0050 rr\n  ->", "FWM  2A rr", "",
    ])
    func whatMakesNoSenseIsNoListing(_ lines: String) {
        #expect(parse(lines) == nil)
    }

    @Test func aLineThatIsCutOffIsNoListing() {
        #expect(TableListing.parse(Array((Self.head + "TCP  C0000201:0050 rr").utf8), ticksPerSecond: 250) == nil)
    }
}
