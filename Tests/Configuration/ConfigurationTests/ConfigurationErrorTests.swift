import Configuration
import Testing

@Suite("What is wrong with a configuration")
struct ConfigurationErrorTests {
    /// A file whose only virtual server has some lines more.
    private static func server(_ lines: String, address: String = "10.0.0.1:80") -> String {
        "virtualServers:\n- address: \(address)\n  realServers: []\n"
            + lines.split(separator: "\n").map { "  \($0)\n" }.joined()
    }

    /// A file whose only virtual server has one real server.
    private static func realServer(_ text: String, _ lines: String = "", address: String = "10.0.0.1:80") -> String {
        "virtualServers:\n- address: \(address)\n" + lines + "  realServers:\n  - \(text)\n"
    }

    @Test(
        "Files",
        arguments: [
            ("", "f:1: it declares nothing; write `virtualServers: []` if you mean an empty table"),
            ("# nothing\n", "f:1: it declares nothing; write `virtualServers: []` if you mean an empty table"),
            ("---\n", "f:1: it declares nothing; write `virtualServers: []` if you mean an empty table"),
            ("{}", "f:1:1: it declares nothing; write `virtualServers: []` if you mean an empty table"),
            (
                "defaults: {weight: 2}",
                "f:1:1: it declares nothing; write `virtualServers: []` if you mean an empty table"
            ),
            (
                "drainTimeout: 1m",
                "f: no virtualServers are declared; write `virtualServers: []` if you mean an empty table"
            ),
            ("virtualServers:\n", "f:1:16: virtualServers is empty; give it a value or leave the key out"),
            ("virtualServers: {}", "f:1:17: virtualServers is a mapping; write a list, `[]` for an empty table"),
            (
                "virtualServers: [5]",
                "f:1:18: virtualServers[0]: it is 5; write a mapping with name, address, protocol, port, firewallMark, family, scheduler, schedulerFlags, onePacket, persistence, persistenceEngine, drainTimeout, activeWhen, forwarding, tunnel, weight, upperThreshold, lowerThreshold, checks, onFailure, quorum, hysteresis, startsDown, drainsAtEnd, panicThreshold, slowStart, backup and realServers"
            ),
            (
                "- 1",
                "f:1:1: the file is a list; write a mapping with apiVersion, defaults, drainTimeout, removalGuard, syncInterval, minSyncInterval, auditInterval, drift, cleanupOnExit, telemetry, logging, services, network, timeouts, syncDaemons, checks, hooks and virtualServers"
            ),
            (
                "virtualServers: []\n---\nvirtualServers: []\n",
                "f:3: it holds 2 YAML documents; write one for each file"
            ),
            (
                "virtualServers: []\nvirtualServers: []\n",
                "f:2:1: the key `virtualServers` stands here and in line 1; keep one of the two"
            ),
            (
                "virtualServer: []",
                "f:1:1: unknown key `virtualServer`; did you mean `virtualServers`?\nf:1:1: it declares nothing; write `virtualServers: []` if you mean an empty table"
            ),
            (
                "virtualServers: []\nx: 1",
                "f:2:1: unknown key `x`; use apiVersion, defaults, drainTimeout, removalGuard, syncInterval, minSyncInterval, auditInterval, drift, cleanupOnExit, telemetry, logging, services, network, timeouts, syncDaemons, checks, hooks and virtualServers"
            ),
        ])
    func files(text: String, expected: String) { Self.expect(text, expected) }

    @Test(
        "Virtual servers",
        arguments: [
            ("adress: 10.0.0.1:80", "f:4:3: virtual server 10.0.0.1:80: unknown key `adress`; did you mean `address`?"),
            (
                "name: a b",
                "f:4:9: virtual server a b: name is `a b`; write 1 to 253 of A-Z, a-z, 0-9, `.`, `_`, `/` and `-`"
            ),
            (
                "weight: 2147483648",
                "f:4:11: virtual server 10.0.0.1:80: weight is 2147483648; write an integer from 0 to 2147483647"
            ),
            ("weight: -1", "f:4:11: virtual server 10.0.0.1:80: weight is -1; write an integer from 0 to 2147483647"),
            (
                "weight: \"1\"",
                "f:4:11: virtual server 10.0.0.1:80: weight is `1`; write an integer from 0 to 2147483647"
            ),
            ("weight:", "f:4:10: virtual server 10.0.0.1:80: weight is empty; give it a value or leave the key out"),
            ("onePacket: yes", "f:4:14: virtual server 10.0.0.1:80: onePacket is `yes`; write true or false"),
            (
                "onePacket: true",
                "f:4:14: virtual server 10.0.0.1:80: one-packet scheduling is not for tcp; use it with udp or a firewall mark"
            ),
            ("protocol: icmp", "f:4:13: virtual server 10.0.0.1:80: protocol is `icmp`; write tcp, udp or sctp"),
            ("family: ipv4", "f:4:11: virtual server 10.0.0.1:80: family is only for a firewall mark; leave it out"),
            ("port: 81", "f:4:9: virtual server 10.0.0.1:80: the address says port 80, port 81; keep one of the two"),
            (
                "firewallMark: 5",
                "f:4:17: virtual server 10.0.0.1:80: address and firewallMark exclude each other; keep one of the two"
            ),
            (
                "scheduler: round robin",
                "f:4:14: virtual server 10.0.0.1:80: scheduler is `round robin`; write the kernel's name for a scheduler, such as rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh and twos"
            ),
            (
                "scheduler: sixteen-letters-",
                "f:4:14: virtual server 10.0.0.1:80: scheduler is `sixteen-letters-`; write the kernel's name for a scheduler, such as rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh and twos"
            ),
            (
                "scheduler: ''",
                "f:4:14: virtual server 10.0.0.1:80: scheduler is an empty text; write the kernel's name for a scheduler, such as rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh and twos"
            ),
            (
                "scheduler: mh\nschedulerFlags: [sh-port]",
                "f:5:20: virtual server 10.0.0.1:80: schedulerFlags: `sh-port` is no flag of the scheduler mh; use mh-fallback, mh-port, flag-3, flag-1 or flag-2"
            ),
            (
                "schedulerFlags: [mh-port]",
                "f:4:20: virtual server 10.0.0.1:80: schedulerFlags: `mh-port` is no flag of the scheduler wlc; use flag-1, flag-2 or flag-3"
            ),
            ("schedulerFlags: flag-1", "f:4:19: virtual server 10.0.0.1:80: schedulerFlags is `flag-1`; write a list"),
            (
                "persistence: on",
                "f:4:16: virtual server 10.0.0.1:80: persistence is `on`; write a duration such as 90s or 1h30m, from 1s to 31d"
            ),
            (
                "persistence: 0",
                "f:4:16: virtual server 10.0.0.1:80: persistence is 0; write a duration such as 90s or 1h30m, from 1s to 31d"
            ),
            (
                "persistence: {engine: sip}",
                "f:4:16: virtual server 10.0.0.1:80, persistence: timeout is missing; write `timeout: …`"
            ),
            (
                "engine: sip",
                "f:4:3: virtual server 10.0.0.1:80: unknown key `engine`; use name, address, protocol, port, firewallMark, family, scheduler, schedulerFlags, onePacket, persistence, persistenceEngine, drainTimeout, activeWhen, forwarding, tunnel, weight, upperThreshold, lowerThreshold, checks, onFailure, quorum, hysteresis, startsDown, drainsAtEnd, panicThreshold, slowStart, backup and realServers"
            ),
            (
                "persistence: 1m\npersistenceEngine: sip",
                "f:5:22: virtual server 10.0.0.1:80: persistenceEngine is for a virtual server without persistence; write `persistence: {timeout: 5m, engine: sip}`"
            ),
            (
                "persistence: {timeout: 1m, engine: sip or so}",
                "f:4:38: virtual server 10.0.0.1:80, persistence: engine is `sip or so`; write the kernel's name for a persistence engine, such as sip"
            ),
            (
                "persistence: {timeout: 1m, granularity: 33}",
                "f:4:16: virtual server 10.0.0.1:80: the granularity does not fit an ipv4 virtual server; write a mask such as 255.255.255.0, or a prefix length from 1 to 32"
            ),
            (
                "persistence: {timeout: 1m, granularity: x}",
                "f:4:43: virtual server 10.0.0.1:80, persistence: granularity is `x`; write a mask such as 255.255.255.0, or a prefix length such as 24 or /24"
            ),
            (
                "forwarding: nat",
                "f:4:15: virtual server 10.0.0.1:80: forwarding is `nat`; write masquerade, direct or tunnel"
            ),
            (
                "tunnel: {type: gre}",
                "f:4:11: virtual server 10.0.0.1:80: tunnel options without tunnel forwarding; write `forwarding: tunnel`"
            ),
            (
                "forwarding: tunnel\ntunnel: {type: gue}",
                "f:5:11: virtual server 10.0.0.1:80: gue needs a port; write `port: 6080`"
            ),
            (
                "forwarding: tunnel\ntunnel: {type: gre, port: 1}",
                "f:5:29: virtual server 10.0.0.1:80: port is only for gue; leave it out"
            ),
            (
                "forwarding: tunnel\ntunnel: {type: gre, checksum: remcsum}",
                "f:5:33: virtual server 10.0.0.1:80: remcsum is only for gue; write nocsum or csum"
            ),
            (
                "forwarding: tunnel\ntunnel: {type: ipip, checksum: csum}",
                "f:5:34: virtual server 10.0.0.1:80: checksum is only for gue and gre; leave it out"
            ),
            (
                "forwarding: tunnel\ntunnel: {type: vxlan}",
                "f:5:18: virtual server 10.0.0.1:80: type is `vxlan`; write ipip, gue or gre"
            ),
            (
                "forwarding: tunnel\ntunnel: {port: 5}",
                "f:5:11: virtual server 10.0.0.1:80: type is missing; write `type: …`"
            ),
        ])
    func virtualServers(lines: String, expected: String) { Self.expect(Self.server(lines), expected) }

    @Test(
        "Addresses of virtual servers",
        arguments: [
            (
                "10.0.0.1:70000",
                "f:2:12: virtual server 10.0.0.1:70000: `10.0.0.1:70000` has no port from 0 to 65535; write one after the colon"
            ),
            (
                "10.0.0.1:0",
                "f:2:12: virtual server 10.0.0.1:0: zero port needs persistence; write a port, or `persistence: 5m` to serve every port"
            ),
            ("10.0.0.1", "f:2:12: virtual server 10.0.0.1: the address has no port; write one: 10.0.0.1:80"),
            ("2001:db8::1", "f:2:12: virtual server 2001:db8::1: the address has no port; write one: [2001:db8::1]:80"),
            (
                "0.0.0.0:80",
                "f:2:12: virtual server 0.0.0.0:80: 0.0.0.0 is the unspecified address; write a unicast address"
            ),
            (
                "224.0.0.1:80",
                "f:2:12: virtual server 224.0.0.1:80: 224.0.0.1 is a multicast address; write a unicast address"
            ),
            (
                "255.255.255.255:80",
                "f:2:12: virtual server 255.255.255.255:80: 255.255.255.255 is the broadcast address; write a unicast address"
            ),
            (
                "web.example:80",
                "f:2:12: virtual server web.example:80: `web.example:80` is no numeric address; write an address with a port, such as 10.0.0.1:80 or \"[2001:db8::1]:443\""
            ),
            (
                "icmp 10.0.0.1:80",
                "f:2:12: virtual server icmp 10.0.0.1:80: `icmp` is no protocol; write tcp, udp or sctp"
            ),
            (
                "[10.0.0.1, 80]",
                "f:2:12: virtualServers[0]: address is a list; write an address with a port, and quote it if it begins with a bracket"
            ),
        ])
    func addresses(address: String, expected: String) { Self.expect(Self.server("", address: address), expected) }

    @Test(
        "Real servers",
        arguments: [
            (
                realServer("10.1.0.1:99999"),
                "f:4:5: virtual server 10.0.0.1:80, real server 10.1.0.1:99999: `10.1.0.1:99999` has no port from 0 to 65535; write one after the colon"
            ),
            (
                realServer("{address: 10.1.0.1:8080, forwarding: direct}"),
                "f:4:15: virtual server 10.0.0.1:80, real server 10.1.0.1:8080: direct forwarding keeps port 80, not 8080; write port 80 or none, or use `forwarding: masquerade`"
            ),
            (
                realServer("10.1.0.1:8080", "  forwarding: tunnel\n"),
                "f:5:5: virtual server 10.0.0.1:80, real server 10.1.0.1:8080: tunnel forwarding keeps port 80, not 8080; write port 80 or none, or use `forwarding: masquerade`"
            ),
            (
                realServer("\"[fd00::1]:80\""),
                "f:4:5: virtual server 10.0.0.1:80, real server [fd00::1]:80: fd00::1 is ipv6, the virtual server ipv4; use an ipv4 address, or `forwarding: tunnel`, which alone joins the two"
            ),
            (
                realServer("10.1.0.1", address: "\"[2001:db8::1]:80\""),
                "f:4:5: virtual server [2001:db8::1]:80, real server 10.1.0.1: 10.1.0.1 is ipv4, the virtual server ipv6; use an ipv6 address, or `forwarding: tunnel`, which alone joins the two"
            ),
            (
                realServer("{address: 10.1.0.1, upperThreshold: 5, lowerThreshold: 6}"),
                "f:4:60: virtual server 10.0.0.1:80, real server 10.1.0.1: lowerThreshold 6 is above upperThreshold 5; write 5 at most, or a higher upperThreshold"
            ),
            (
                realServer("{address: 10.1.0.1, tunnel: {type: gre}}"),
                "f:4:33: virtual server 10.0.0.1:80, real server 10.1.0.1: tunnel options without tunnel forwarding; write `forwarding: tunnel`"
            ),
            (
                realServer("{address: 10.1.0.1, wieght: 5}"),
                "f:4:25: virtual server 10.0.0.1:80, real server 10.1.0.1: unknown key `wieght`; did you mean `weight`?"
            ),
            (
                realServer("{weight: 5}"),
                "f:4:5: virtual server 10.0.0.1:80, a real server: address is missing; write `address: …`"
            ),
            (
                realServer("0.0.0.0:80"),
                "f:4:5: virtual server 10.0.0.1:80, real server 0.0.0.0:80: 0.0.0.0 is the unspecified address; write a unicast address"
            ),
            (
                realServer("[a]"),
                "f:4:5: virtual server 10.0.0.1:80, a real server: a real server is a list; write an address with a port, and quote it if it begins with a bracket"
            ),
            (
                realServer("10.1.0.1:80\n  - {address: 10.1.0.1}"),
                "f:5:5: virtual server 10.0.0.1:80: the real server 10.1.0.1:80 is declared twice, first in line 4; keep one of the two"
            ),
            (
                "virtualServers:\n- address: 10.0.0.1:80\n",
                "f:2:3: virtual server 10.0.0.1:80: realServers is missing; write `realServers: …`"
            ),
            (
                "virtualServers:\n- address: 10.0.0.1:80\n  realServers:\n",
                "f:3:15: virtual server 10.0.0.1:80: realServers is empty; give it a value or leave the key out"
            ),
            (
                "virtualServers:\n- address: 10.0.0.1:80\n  realServers: x\n",
                "f:3:16: virtual server 10.0.0.1:80: realServers is `x`; write a list, `[]` for none"
            ),
        ])
    func realServers(text: String, expected: String) { Self.expect(text, expected) }

    @Test(
        "Firewall marks",
        arguments: [
            (
                "firewallMark: 0",
                "f:2:17: virtual server fwmark 0: firewallMark is 0; write an integer from 1 to 4294967295"
            ),
            (
                "firewallMark: 4294967296",
                "f:2:17: virtual server fwmark 4294967296: firewallMark is 4294967296; write an integer from 1 to 4294967295"
            ),
            (
                "firewallMark: 1\n  port: 80",
                "f:3:9: virtual server fwmark 1: port has no meaning for a firewall mark; leave it out"
            ),
            (
                "firewallMark: 1\n  protocol: udp",
                "f:3:13: virtual server fwmark 1: protocol has no meaning for a firewall mark; leave it out"
            ),
            (
                "firewallMark: 1\n  family: ipv5",
                "f:3:11: virtual server fwmark 1: family is `ipv5`; write ipv4 or ipv6"
            ),
            (
                "firewallMark: 1\n  family: ipv6\n  persistence: {timeout: 1m, granularity: 255.0.0.0}",
                "f:4:16: virtual server fwmark 1: the granularity does not fit an ipv6 virtual server; write a prefix length from 1 to 128"
            ),
            (
                "name: x",
                "f:2:3: virtual server x: neither address nor firewallMark; write `address: 10.0.0.1:80` or `firewallMark: 1`"
            ),
        ])
    func firewallMarks(lines: String, expected: String) {
        Self.expect("virtualServers:\n- \(lines)\n  realServers: []\n", expected)
    }

    @Test("A virtual server stands once")
    func duplicateVirtualServers() {
        Self.expect(
            "virtualServers:\n- {address: 10.0.0.1:80, realServers: []}\n- {address: tcp 10.0.0.1:80, realServers: []}\n",
            "f:3:3: virtual server tcp 10.0.0.1:80: it is declared twice, first in f:2; keep one of the two")
    }

    @Test("Defaults are checked too")
    func defaults() {
        Self.expect(
            "defaults: {scheduler: mh, schedulerFlags: [sh-port], protcol: udp}\nvirtualServers: []\n",
            """
            f:1:54: defaults: unknown key `protcol`; did you mean `protocol`?
            f:1:44: defaults: schedulerFlags: `sh-port` is no flag of the scheduler mh; use mh-fallback, mh-port, flag-3, \
            flag-1 or flag-2
            """)
    }

    @Test("All problems are told at once, up to a hundred")
    func manyErrors() {
        let text =
            "virtualServers:\n"
            + String(repeating: "- {address: 10.0.0.1:80, realServers: [], weight: -1}\n", count: 150)
        guard let lines = Self.problems(text)?.split(separator: "\n") else { return #expect(Bool(false)) }
        #expect(lines.count == 101)
        #expect(lines.last == "and 50 more")
    }

    static func expect(_ text: String, _ expected: String) {
        #expect(problems(text) == expected)
    }

    private static func problems(_ text: String) -> String? {
        do throws(ConfigurationErrors) {
            _ = try Configuration.parse(text, file: "f")
            return nil
        } catch {
            return error.description
        }
    }

    /// Each guess at what was meant costs; nobody reads the hundred thousandth.
    @Test func manyUnknownKeysAreCounted() {
        let keys = (0..<100_000).map { "virtualServer\($0): 1\n" }.joined()
        do {
            _ = try Configuration.parse(keys + "virtualServers: []\n", file: "f")
            Issue.record("it was taken")
        } catch {
            #expect(error.errors.count == ConfigurationErrors.maximumCount)
            #expect(error.omitted == 100_000 - ConfigurationErrors.maximumCount)
        }
    }
}
